// deadlock_check.h: when the world is stopped to search it for fibers that can never run again.
//
// Input:    deadlock::check() of debug.h; the monitor, again and again; the end of a run.
// Output:   looks, which the detector turns into findings; numbers for stats().
// State:    what the last look said, and when the next one is due.
// Cost:     nothing without a detector. A look stops everybody for as long as stats() says
//           (deadlock_pause); none is taken while no fiber waits for another one.
// Threads:  any; one look at a time.
//
// A periodic look leaves fibers alone that have just begun to wait: programs whose fibers pass
// values to each other all the time are never stopped. What is dead is reported when two looks, at
// least 100 ms apart, say so: a look that finds suspects is followed by a second one. Periodic
// looks take at most one part in kShare of the time, whatever deadlock_check_ms says, and searches
// of copies one part in kCopyShare of one CPU's. With many fibers each look that finds nobody
// halves that part, up to kMostDoublings times, as long as the number of fibers does not grow; so
// looks are rarer by that, but never further apart than kLongestRest for its sake.
//
// What takes long goes on in a copy of the process while everybody moves (world_copied and its
// neighbours in hooks.def); who wants to know the end of it asks again and again, and stops the
// world once more for what a finding is to say. A copy makes each page dear that is written
// meanwhile, and with many fibers that is every stack: first the search is tried here, within
// bounds.
#ifndef FIBERSAN_RUNTIME_WORLD_DEADLOCK_CHECK_H
#define FIBERSAN_RUNTIME_WORLD_DEADLOCK_CHECK_H

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <vector>

#include "runtime/observe/histogram.h"
#include "runtime/timers.h"
#include "runtime/world/picture.h"
#include "runtime/world/stop.h"

namespace fiber::internal {

class DeadlockChecks {
 public:
  static constexpr Clock::duration kBetweenLooks = std::chrono::milliseconds(101);
  static constexpr int kShare = 20;
  static constexpr int kCopyShare = 4;
  static constexpr int kMostDoublings = 3;
  static constexpr Clock::duration kLongestRest = std::chrono::seconds(10);
  // From here on a look that needs a copy draws the picture there, too.
  static constexpr uint64_t kManyFibers = 4096;

  // Around a run, by its thread: the fibers are there from one to the other.
  void run_begins();
  void run_ends();
  // On demand, from a fiber or any thread: how many fibers were found dead so far.
  size_t check();
  // Stops the world to report these waits as leaks of the scope; the detector's number of those
  // that no suppression names. Nothing: a thread did not answer, or no run is on.
  struct Leaks {
    const char* scope;
    const std::vector<fsan_leak>& waits;  // sorted by id
  };
  std::optional<size_t> report_leaks(const Leaks& leaks);
  // By the monitor; returns when it wants to be called again at the latest.
  Clock::time_point look_if_due(Clock::time_point now);

  const LogHistogram& pauses() const { return pauses_; }

 private:
  struct Answer {
    enum Kind : unsigned char { kKnown, kGivenUp, kCopySearches } kind = kKnown;
    size_t suspects = 0;  // or leaks, if that is the question
  };
  // Whether many fibers are looked at here first: not right after that came to nothing.
  class Here {
   public:
    bool worth_a_try();
    void tried(bool well);

   private:
    unsigned failure_ = 0;
    unsigned looks_left_out_ = 0;
  };
  struct Question {
    Patience patience = Patience::kLong;
    Clock::duration at_least{};  // nobody is stopped when no fiber has waited for so long
    bool run_is_over = false;
    const Leaks* leaks = nullptr;
  };
  // Who seems dead. A look that still goes on in a copy comes first.
  Answer look(const Question& question);
  Answer look_standing(const Question& question, int signal, const OwnPlace& own);
  size_t search_standing(const Question& question, const OwnPlace& own, bool& drawn);
  // How far the search of a copy is.
  Answer ask_copy();
  Answer ask_copy_locked(Patience patience);
  bool read_dead(size_t count, Patience patience);
  void drop_copy();
  void note_pause(Clock::time_point begun);
  // Again and again for a while: a thread that makes a report takes no signals meanwhile.
  size_t look_patiently(bool run_is_over);
  Answer wait_for_copy();
  bool grown(Clock::time_point now);
  Clock::duration rest() const;

  std::mutex looking_;  // one look at a time
  Stop stop_;
  Picture picture_;
  LogHistogram pauses_;
  std::atomic<bool> run_is_on_{false};
  std::atomic<size_t> found_{0};
  std::atomic<int64_t> last_pause_{0};   // nanoseconds
  std::atomic<int64_t> last_search_{0};  // the same, of a copy
  bool copy_searches_ = false;
  Clock::time_point copied_{};
  size_t last_suspects_ = 0;
  uint64_t live_ = 0;  // fibers, when a look begins
  Clock::time_point since_{};
  Here here_;

  // The monitor's.
  Clock::duration period_{};
  Clock::time_point next_look_{};
  Clock::time_point last_look_{};
  uint64_t last_live_ = 0;
  bool second_look_ = false;
  bool own_copy_ = false;  // its look goes on in a copy
  int all_well_ = 0;       // looks in a row that found nobody
};

extern DeadlockChecks deadlock_checks;

}  // namespace fiber::internal

#endif  // FIBERSAN_RUNTIME_WORLD_DEADLOCK_CHECK_H
