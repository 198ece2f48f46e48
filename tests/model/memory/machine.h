// machine.h: threads over a memory as weak as C++ allows, run through all their interleavings.
//
// Input:    a scenario: what to set up, thread functions, what must hold at the end.
// Output:   how many executions there were, and the first that broke something.
// Cost:     about 1 us for an execution of 20 steps.
// Threads:  one real thread; those of the model are stacks that it switches between.
// Not here: std::atomic's interface on top, see atomic.h.
//
// The memory is the operational one of views (Kang et al. 2017, without promises): each location
// keeps all its messages in modification order; a thread has for each location the oldest
// message it may still read. A release store gives its view along, an acquire load takes it over,
// fences do so for the relaxed accesses around them, a read-modify-write reads the last message
// and continues its release sequence, seq_cst fences share one more view. Stores go to the end
// of the modification order: weaker orders of stores are not explored.
//
// What is explored: at each access, whether another thread goes on (up to `preemptions` times,
// Musuvathi and Qadeer 2007) and which message a load reads (up to `stale` old ones in one
// execution). Within these bounds every execution is made.
#ifndef FIBERSAN_TESTS_MODEL_MEMORY_MACHINE_H
#define FIBERSAN_TESTS_MODEL_MEMORY_MACHINE_H

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "runtime/context.h"

namespace model {

#ifndef MODEL_LOCATIONS
#define MODEL_LOCATIONS 32
#endif
inline constexpr uint32_t kMostLocations = MODEL_LOCATIONS;
inline constexpr uint32_t kMostThreads = 4;

// For each location the index of a message.
struct View {
  std::array<uint16_t, kMostLocations> at{};
  void join(const View& other) {
    for (uint32_t i = 0; i < kMostLocations; ++i) at[i] = std::max(at[i], other.at[i]);
  }
};

struct Message {
  uint64_t value;
  View view;
};

struct Bounds {
  uint32_t preemptions = 3;
  uint32_t stale = 2;
  uint32_t steps = 400;              // of one execution; longer ones are cut
  uint64_t executions = UINT64_MAX;  // no more
  // An access that is seq_cst is one between two fences, which is how CPUs do it at the most.
  // Otherwise only what C++ promises: the order of all such accesses, and no more.
  bool sequential_fences = true;
};

struct Scenario {
  std::function<void()> set_up;
  std::vector<std::function<void()>> threads;
  std::function<void()> at_end;  // sees everything
};

struct Outcome {
  uint64_t executions = 0;
  uint64_t cut = 0;
  std::string failure;  // empty: none
};

class Machine {
 public:
  explicit Machine(Bounds bounds) : bounds_(bounds) {}
  Outcome explore(const Scenario& scenario);

  // --- for atomic.h, by the thread that runs ---
  uint32_t new_location(uint64_t value);
  uint64_t load(uint32_t location, bool acquire);
  void store(uint32_t location, uint64_t value, bool release);
  // Around a seq_cst access to the location.
  void sequential_begins(uint32_t location);
  void sequential_ends(uint32_t location);
  // change(old, &next) false: nothing is stored, as by a failed exchange.
  template <typename Change>
  uint64_t modify(uint32_t location, bool acquire, bool release, Change change);
  // An exchange that fails may read an old message.
  bool compare_exchange(uint32_t location, uint64_t& expected, uint64_t desired, bool acquire,
                        bool release, bool acquire_on_failure);
  void fence(bool acquire, bool release, bool sequential);
  // A plain variable: a read or write that is not ordered behind the last write is a race.
  uint64_t read_plain(uint32_t location);
  void write_plain(uint32_t location, uint64_t value);

  // The thread goes on once the condition holds; it looks at the last messages.
  void wait_until(const std::function<bool()>& condition);
  uint64_t last(uint32_t location) const { return locations_[location].back().value; }
  // In a loop that waits: the thread goes on once somebody has stored something.
  void pause();
  // Counts from 1; what was numbered in another execution is numbered anew.
  uint64_t execution() const { return execution_; }

  void fail(const std::string& what);

  static Machine* current;

 private:
  struct Thread {
    View now;
    View acquired;  // by relaxed loads, until an acquire fence
    View released;  // at the last release fence
    fiber::internal::Context context = nullptr;
    const std::function<bool()>* waits_for = nullptr;
    bool finished = false;
    bool read_old = false;  // by its last load
  };

  static void enter(boost::context::detail::transfer_t transfer);
  void run_once(const Scenario& scenario);
  bool next_execution();
  uint32_t choose(uint32_t ways);
  void step();
  void switch_away();
  bool can_run(const Thread& thread) const;
  Thread& self() { return threads_[running_]; }
  void read_message(uint32_t location, uint32_t index, bool acquire);
  void append(uint32_t location, uint64_t value, bool release, const View* continued);

  struct Choice {
    uint8_t taken;
    uint8_t ways;
  };

  Bounds bounds_;
  std::vector<Choice> choices_;
  size_t next_choice_ = 0;

  std::vector<std::vector<Message>> locations_;
  uint32_t location_count_ = 0;
  std::array<Thread, kMostThreads + 1> threads_;  // the last one sets up and checks
  uint32_t thread_count_ = 0;
  uint32_t running_ = kMostThreads;
  View sequential_;
  uint64_t execution_ = 0;
  uint64_t stored_ = 0;
  bool no_step_ = false;  // the access that comes belongs to the last step
  uint32_t preemptions_ = 0;
  uint32_t stale_ = 0;
  uint32_t steps_ = 0;
  bool abandoned_ = false;
  const Scenario* scenario_ = nullptr;
  fiber::internal::Context explorer_ = nullptr;
  std::vector<std::vector<char>> stacks_;
  Outcome outcome_;
};

template <typename Change>
uint64_t Machine::modify(uint32_t location, bool acquire, bool release, Change change) {
  step();
  std::vector<Message>& messages = locations_[location];
  const uint64_t old = messages.back().value;
  const View view = messages.back().view;
  read_message(location, static_cast<uint32_t>(messages.size() - 1), acquire);
  uint64_t next = old;
  if (change(old, next)) append(location, next, release, &view);
  return old;
}

}  // namespace model

#endif  // FIBERSAN_TESTS_MODEL_MEMORY_MACHINE_H
