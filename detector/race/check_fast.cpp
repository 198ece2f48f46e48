// check_fast.cpp: what the stub of an inline check runs first (check_entry.cpp). Compiled for
// general registers only, so that no vector register has to be saved around it.
//
// Invariants
//   V1  Nothing is called that another source compiles (tests/layers/general_registers.py).
#include "detector/race/access_fast.h"
#include "detector/race/check_entry.h"

namespace fibersan {
namespace {

constexpr uint64_t kCellBytes = 8;

// Not initialised: V1.
union Plans {
  Plans() {}
  CellPlan of[kWidestCheck / kCellBytes + 1];
};

// Up to 64 bytes anywhere.
template <AccessKind kKind>
FIBERSAN_INLINE Fast access_cells_fast(uintptr_t address, uint64_t size, const Caller& caller) {
  const Stamp running = running_stamp();
  if (running == 0 || size > kWidestCheck) return Fast::kSlow;
  fsan_fiber& fiber = *this_thread.fiber;
  if (acts_alone()) return stamp_cells_alone(fiber, running, address, size);
  const uintptr_t end = address + size;
  Plans plans;
  CellPlan* last = plans.of;
  bool is_covered = true;
  for (uintptr_t at = address; at < end;) {
    const uintptr_t next = (at & ~(kCellBytes - 1)) + kCellBytes;
    const Stamp wanted =
        running | static_cast<Stamp>(kKind) | byte_mask(at, (next < end ? next : end) - at);
    *last = plan_access(cell_at(at), wanted, fiber);
    if (last->slot == nullptr) return Fast::kSlow;
    is_covered = is_covered && last->desired == last->seen;
    ++last;
    at = next;
  }
  if (is_covered) return Fast::kDone;
  if (!remember_fast(fiber, address, size, kKind, caller)) return Fast::kSlow;
  // relaxed: it changes only while a single thread executes accesses.
  const bool parallel = accesses_are_parallel.load(std::memory_order_relaxed);
  bool is_alone = true;
  for (const CellPlan* plan = plans.of; plan != last; ++plan) {
    if (!carry_out(*plan, parallel)) is_alone = false;
  }
  return is_alone ? Fast::kDone : Fast::kLookAgain;
}

Caller caller_of(uintptr_t place, const void* frame, uint64_t context) {
  return {.pc = place, .frame = frame, .context = context, .place = place};
}

// See hooks_access.cpp.
bool keeps_vptr(uintptr_t address, uint64_t value) {
  if (__atomic_load_n(reinterpret_cast<const uint64_t*>(address), __ATOMIC_RELAXED) != value)
    return false;
  const Cell& cell = cell_at(address);
  return load_slot(cell, 0) != 0 || load_slot(cell, 1) != 0;
}

}  // namespace
}  // namespace fibersan

using fibersan::AccessKind;

extern "C" {

#define FIBERSAN_CHECK_ONE(name, size, kind)                                         \
  uint64_t __fsan_fast_##name(uintptr_t address, uintptr_t place, const void* frame, \
                              uint64_t context) {                                    \
    return static_cast<uint64_t>(fibersan::access_one_fast<size, AccessKind::kind>(  \
        address, fibersan::caller_of(place, frame, context)));                       \
  }
#define FIBERSAN_CHECK_CELLS(name, kind)                                             \
  uint64_t __fsan_fast_##name(uintptr_t address, uintptr_t place, const void* frame, \
                              uint64_t context, uint64_t size) {                     \
    return static_cast<uint64_t>(fibersan::access_cells_fast<AccessKind::kind>(      \
        address, size, fibersan::caller_of(place, frame, context)));                 \
  }

FIBERSAN_CHECK_ONE(read1, 1, kRead)
FIBERSAN_CHECK_ONE(read2, 2, kRead)
FIBERSAN_CHECK_ONE(read4, 4, kRead)
FIBERSAN_CHECK_ONE(read8, 8, kRead)
FIBERSAN_CHECK_ONE(write1, 1, kWrite)
FIBERSAN_CHECK_ONE(write2, 2, kWrite)
FIBERSAN_CHECK_ONE(write4, 4, kWrite)
FIBERSAN_CHECK_ONE(write8, 8, kWrite)
FIBERSAN_CHECK_CELLS(read_range, kRead)
FIBERSAN_CHECK_CELLS(write_range, kWrite)

uint64_t __fsan_fast_write_vptr(uintptr_t address, uintptr_t place, const void* frame,
                                uint64_t context, uint64_t value) {
  if (fibersan::keeps_vptr(address, value)) return static_cast<uint64_t>(fibersan::Fast::kDone);
  return __fsan_fast_write8(address, place, frame, context);
}

uint64_t __fsan_fast_masked(uintptr_t, uintptr_t, const void*, uint64_t, uint64_t) {
  return static_cast<uint64_t>(fibersan::Fast::kSlow);
}

}  // extern "C"
