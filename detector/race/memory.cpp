#include "detector/race/memory.h"

#include <algorithm>

#include "detector/abi/hooks.h"
#include "detector/race/access.h"
#include "detector/race/access_fast.h"
#include "detector/race/objects.h"
#include "detector/race/sync_table.h"
#include "detector/shadow/shadow.h"

namespace fibersan {

namespace {

// M1 for Syncs: now, while their memory is still the block's.
Access begin_free(uintptr_t address, uint64_t size) {
  forget_syncs(address, size);
  return {.address = address, .size = size, .kind = AccessKind::kWrite, .is_free = true};
}

}  // namespace

void memory_allocated(uintptr_t address, uint64_t size) { clear_shadow(address, size); }

bool free_will_be_stamped(uint64_t size, uint32_t& lane, uint32_t& epoch) {
  const fsan_fiber* const fiber = this_thread.fiber;
  if (size == 0 || fiber == nullptr || acts_alone() || fiber->clock.stamp() == 0) return false;
  lane = fiber->clock.lane();
  epoch = fiber->clock.epoch();
  return true;
}

void memory_freed(uintptr_t address, uint64_t size, uintptr_t pc, const void* frame) {
  const Access access = begin_free(address, size);
  const Caller caller = {pc, frame, __fsan_running.context, pc};
  fsan_fiber* const fiber = this_thread.fiber;  // null: not checked, frees without a stamp
  if (fiber == nullptr || acts_alone()) return;
  if (size < kGiveBackFrom) {
    const Fast result = access_cells_fast(address, size, AccessKind::kWrite, caller, true);  // M2
    if (__builtin_expect(result == Fast::kDone, 1)) return;
    if (result == Fast::kLookAgain) return access_again(access, caller);
    return access_range_slowly(access, caller);
  }
  const Conflicts conflicts = check_touched(*fiber, access, caller);
  if (!conflicts.empty()) report_conflicts(*fiber, access, caller, conflicts);
}

void mapped_memory_freed(uintptr_t address, uint64_t size, uintptr_t pc, const void* frame) {
  const Access access = begin_free(address, size);
  const Caller caller = {pc, frame, __fsan_running.context, pc};
  fsan_fiber* const fiber = this_thread.fiber;
  if (fiber != nullptr && !acts_alone())
    report_conflicts(*fiber, access, caller, check_without_stamp(*fiber, access));
  clear_shadow(address, size);
}

void pages_forgotten(uintptr_t address, uint64_t size) {
  forget_syncs(address, size);
  forget_objects(address, size);
  const ProgramPieces& program = shadowed_pieces();
  for (size_t i = 0; i < program.count; ++i) {
    const uintptr_t low = std::max(address, program.pieces[i].low);
    const uintptr_t high = std::min(address + size, program.pieces[i].high);
    if (low < high) clear_shadow(low, high - low);
  }
}

}  // namespace fibersan

extern "C" void __fsan_memory_forgotten(const void* memory, size_t size) {
  if (fibersan::checking_has_stopped()) return;
  const auto address = reinterpret_cast<uintptr_t>(memory);
  fibersan::forget_syncs(address, size);
  fibersan::forget_objects(address, size);
  fibersan::clear_shadow(address, size);
}
