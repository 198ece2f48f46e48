// core_world.h: a fiber program in one thread, told to the detector's hooks and to the oracle.
//
// Input:    what fibers do, in the order in which it happens: accesses to a small arena, edges,
//           spawns and ends, memory that is freed and used anew.
// Output:   a Tally: which races the hooks must have reported and which they reported.
// State:    the detector of this process, used program after program; the arena's history.
// Threads:  one. The environment of tests/unit/shadow starts the detector.
//
// What must be reported. Of an access `a` and an earlier access `p` that overlap, conflict and
// are unordered:
//   R1  a and p are a pair that must be reported at a, or one like it must have been reported
//       before: a pair is named by what the shadow can tell apart, (lane, epoch) of both.
//   R2  unless on each byte that both touch a third access q came between, ordered after p and
//       at least as strong: then (q, a) races too, and R1 asks for that pair.
// Whatever is reported must be such a pair: an earlier access with the reported lane, epoch and
// kind, to a byte that both touch, unordered with a. A lane and epoch that name no access at all
// are invented too.
#ifndef FIBERSAN_TESTS_MODEL_CORE_CORE_WORLD_H
#define FIBERSAN_TESTS_MODEL_CORE_CORE_WORLD_H

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "detector/abi/hooks.h"
#include "detector/clock/stamp.h"
#include "detector/race/race_found.h"
#include "tests/model/oracle.h"

namespace fibersan::model {

inline constexpr std::size_t kArenaBytes = 64;
inline constexpr std::size_t kBlock = 16;  // of the heap

// Of one access and an earlier one.
struct CoreTally {
  std::uint64_t accesses = 0;
  std::uint64_t racy = 0;      // pairs that overlap, conflict and are unordered
  std::uint64_t required = 0;  // of them by R1 and R2
  std::uint64_t reports = 0;
  std::uint64_t missed = 0;
  std::uint64_t invented = 0;
  std::uint64_t forgotten = 0;  // what the detector says it forgot
  std::string first_disagreement;

  void add(const CoreTally& other);
};

class CoreWorld {
 public:
  // `parallel`: the shadow is used as if several threads did.
  explicit CoreWorld(bool parallel);
  ~CoreWorld();
  CoreWorld(const CoreWorld&) = delete;
  CoreWorld& operator=(const CoreWorld&) = delete;

  static constexpr FiberId kMain = 0;  // outside of fibers
  FiberId spawn(FiberId parent, unsigned processor);
  void end(FiberId fiber);

  // --- accesses: [at, at + size) of the arena ---
  void access(FiberId fiber, std::size_t at, std::size_t size, bool write);
  // Of the aligned 4 bytes around `at`.
  void load(FiberId fiber, std::size_t at, int order);
  void store(FiberId fiber, std::size_t at, int order);
  void update(FiberId fiber, std::size_t at, int order);
  // Fails or not, at random: `succeeds`.
  void compare_exchange(FiberId fiber, std::size_t at, bool succeeds, int success, int failure);
  void fence(FiberId fiber, int order);
  // A heap block that lay there is freed, or is allocated there: 16 bytes.
  void free(FiberId fiber, std::size_t at);
  void allocate(std::size_t at);

  // --- edges ---
  void acquire(FiberId fiber, SyncId sync);
  void release(FiberId fiber, SyncId sync);
  void merge(FiberId fiber, SyncId sync);
  void lock(FiberId fiber, unsigned lock, bool write);
  void unlock(FiberId fiber, unsigned lock, bool write);
  // A buffered channel's slot, as runtime/channel/slot_syncs.h tells it.
  void use_slot(FiberId fiber, unsigned slot);
  void destroy(SyncId sync);
  void collect();

  [[nodiscard]] const CoreTally& tally();

 private:
  struct Access {
    Oracle::Access truth;
    std::uint64_t key;  // lane and epoch; 0: it left no stamp
    Stamp kind;
    std::uint64_t mask;  // a bit for each byte of the arena
    std::uint64_t last;  // of them those where nothing newer and stronger is ordered after it
  };
  void enter(FiberId fiber);
  fsan_ptr arena(std::size_t at) const;
  const void* address_of(SyncId sync) const;
  void begin_access();
  void updated(FiberId fiber, std::size_t at, int order);
  void end_access(FiberId fiber, std::size_t at, std::size_t size, Stamp kind);
  void check_reports(const Access& now, FiberId fiber);
  void check_misses(const Access& now, FiberId fiber);
  void disagree(const char* what, const Access& now, std::uint64_t other);
  static bool conflict(const Access& a, const Access& b) {
    return (a.mask & b.mask) != 0 && (a.kind & b.kind) == 0;
  }

  Oracle oracle_;
  std::vector<fsan_fiber*> fibers_;
  std::vector<std::unique_ptr<char[]>> stacks_;
  FiberId running_ = kMain;
  std::vector<Access> history_;
  std::set<std::pair<std::uint64_t, std::uint64_t>> reported_;
  CoreTally tally_;
  std::uint64_t key_ = 0;  // of the access that happens
  std::uint64_t forgotten_before_;
  const void* slots_[2];
  const void* spare_;
  SyncId slot_ids_[2];
  SyncId spare_id_;
};

}  // namespace fibersan::model

#endif  // FIBERSAN_TESTS_MODEL_CORE_CORE_WORLD_H
