#include "detector/race/access.h"

#include "detector/history/context.h"
#include "detector/shadow/extended.h"
#include "detector/shadow/shadow.h"

namespace fibersan {
namespace {

constexpr uint64_t kCellBytes = 8;

void remember(fsan_fiber& fiber, const Access& access, const Caller& caller) {
  if (this_thread.segment_is_stale) {
    this_thread.ring->start_segment(fiber.clock.lane(), fiber.clock.epoch(), fiber.info->id,
                                    fiber.lock_set);
    this_thread.segment_is_stale = false;
  }
  const uint64_t context =
      note_access_context(caller.context, caller.pc, caller.frame, fiber.stack);
  this_thread.ring->record(
      access.address, access.size,
      access.kind == AccessKind::kWrite || access.kind == AccessKind::kAtomicWrite,
      (static_cast<Stamp>(access.kind) & FSAN_STAMP_ATOMIC) != 0, context);
  note_stack_use(fiber, access.address);
  note_stack_use(fiber, reinterpret_cast<uintptr_t>(caller.frame));
  fiber.clock.touched();
}

Stamp stamp_cell(Cell& cell, Stamp wanted, const FiberClock& clock) {
  for (;;) {
    // relaxed: it changes only while a single thread executes accesses.
    CellResult result = accesses_are_parallel.load(std::memory_order_relaxed)
                            ? check_cell<SharedSlots>(cell, wanted, clock)
                            : check_cell<ExclusiveSlots>(cell, wanted, clock);
    const Stamp race = result.race;
    if (result.step == CellStep::kFull || result.step == CellStep::kExtended)
      result = check_extended(cell, wanted, clock, result);
    if (result.step != CellStep::kExtended) return result.race != 0 ? result.race : race;
  }
}

}  // namespace

Conflict check_cell_access(fsan_fiber& fiber, const Access& access, const Caller& caller) {
  const Stamp running = fiber.clock.stamp();
  if (running == 0) return {};  // the fiber got no lane; counted in the lane table
  Cell& cell = cell_at(access.address);
  const Stamp wanted =
      with_mask(with_kind(running, access.kind), byte_mask(access.address, access.size));
  if (cell_covers(cell, wanted)) return {};
  remember(fiber, access, caller);
  return {stamp_cell(cell, wanted, fiber.clock), access.address & ~(kCellBytes - 1)};
}

Conflict check_access(fsan_fiber& fiber, const Access& access, const Caller& caller) {
  const Stamp running = fiber.clock.stamp();
  if (running == 0 || access.size == 0) return {};
  const Stamp kind = with_kind(running, access.kind);
  Conflict conflict;
  bool remembered = false;
  const uintptr_t end = access.address + access.size;
  for (uintptr_t at = access.address; at < end;) {
    const uintptr_t cell_start = at & ~(kCellBytes - 1);
    const uintptr_t cell_end = cell_start + kCellBytes < end ? cell_start + kCellBytes : end;
    Cell& cell = cell_at(cell_start);
    const Stamp wanted = with_mask(kind, byte_mask(at, cell_end - at));
    at = cell_end;
    if (cell_covers(cell, wanted)) continue;
    if (!remembered) remember(fiber, access, caller);
    remembered = true;
    const Stamp race = stamp_cell(cell, wanted, fiber.clock);
    if (race != 0 && conflict.stamp == 0) conflict = {race, cell_start};
  }
  return conflict;
}

void report_conflict(const fsan_fiber& fiber, const Access& access, const Caller& caller,
                     const Conflict& conflict) {
  RaceFound race;
  race.current.address = access.address;
  race.current.size = access.size;
  race.current.write = !stamp_is_read(static_cast<Stamp>(access.kind));
  race.current.atomic = stamp_is_atomic(static_cast<Stamp>(access.kind));
  race.current.is_free = access.is_free;
  race.current.is_operation = access.is_operation;
  race.current.pc = caller.pc;
  race.current.frame = caller.frame;
  race.current.fiber = &fiber;
  race.previous = conflict.stamp;
  race.cell = conflict.cell;
  report_race(race);
}

void access_range(const Access& access, const Caller& caller) {
  fsan_fiber* const fiber = accessing_fiber();
  if (fiber == nullptr) return;
  const Conflict conflict = check_access(*fiber, access, caller);
  if (__builtin_expect(conflict.stamp != 0, 0)) report_conflict(*fiber, access, caller, conflict);
}

}  // namespace fibersan
