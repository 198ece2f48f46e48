// world_copy.h: a copy of the standing process, where the search goes on while the world moves.
//
// Input:    a world that stands still.
// Output:   who is dead there, in memory that both share.
// Cost:     everybody stands still while the kernel copies page tables, without the shadow's; then
//           a page that the program writes while the copy lives costs a fault and 4 KiB.
// Threads:  make() by the one that looks; the rest by any, one at a time.
// Not here: what is searched, see marking.h.
//
// The copy is made by clone() as fork() does it, but unseen: no handlers run, no signal tells of
// its end, wait() does not know it, debuggers do not follow it. It has one thread and all signals
// blocked, it closes its descriptors before it does anything else, and dies with the thread that
// has made it.
// Rejected: marking beside the program and then again what was written meanwhile (Boehm, Demers and
// Shenker 1991): soft-dirty bits are often not built in, userfaultfd is often forbidden, and each
// page that the program writes costs a fault all the same. Reading everything once more for
// references to the suspects: 1 GiB takes longer than the copy of its page tables.
//
// Invariants
//   Y1  What the original may still change is not read in the copy as if it stood still: memory
//       that both share is copied by hand before, or no copy is made.
//   Y2  What is found is complete when the copy says so, and it has ended in order.
#ifndef FIBERSAN_DETECTOR_DEADLOCK_WORLD_COPY_H
#define FIBERSAN_DETECTOR_DEADLOCK_WORLD_COPY_H

#include <sys/types.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

#include "detector/deadlock/suspects.h"
#include "detector/deadlock/waiters.h"
#include "detector/heap/block_marks.h"

namespace fibersan {

class WorldCopy {
 public:
  enum class Side : unsigned char { kOriginal, kCopy, kNone };
  enum class State : unsigned char { kNone, kSearches, kDone, kFailed };

  // Nobody moves but the caller, who goes on on both sides, or on the one there
  // is. At most so many fibers are found there.
  [[nodiscard]] Side make(size_t fibers);

  // In the copy.
  [[nodiscard]] bool is_here() const { return here_; }
  [[nodiscard]] AddressRange shared_words() const;  // Y1: as they were
  // Null: nothing was found out.
  struct Found {
    std::span<const DeadFiber> dead;
    std::span<const Hold> holds;
  };
  [[noreturn]] void end(const Found* found);

  // In the original.
  [[nodiscard]] State state();
  [[nodiscard]] Found found() const;  // kDone
  // To be made anew; ends one that searches.
  void drop();

 private:
  static constexpr uint64_t kLongestSearch = 60'000;  // milliseconds
  // Copies in a row that came to nothing (killed, or the kernel is too old): no more are made.
  static constexpr unsigned kMostFailures = 3;
  struct Result;

  [[nodiscard]] bool prepare(size_t fibers);
  bool copy_shared_mappings();
  void begin_here(pid_t original);
  void reap();

  Result* result_ = nullptr;
  size_t result_bytes_ = 0;
  char* shared_ = nullptr;
  size_t shared_bytes_ = 0;
  size_t shared_room_ = 0;
  pid_t process_ = 0;
  uint64_t deadline_ = 0;
  State state_ = State::kNone;
  unsigned failures_ = 0;
  bool here_ = false;
};

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_DEADLOCK_WORLD_COPY_H
