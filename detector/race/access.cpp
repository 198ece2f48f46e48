#include "detector/race/access.h"

#include <algorithm>
#include <utility>

#include "detector/history/context.h"
#include "detector/race/access_fast.h"
#include "detector/shadow/extended.h"
#include "detector/shadow/record.h"
#include "detector/shadow/shadow.h"
#include "detector/shadow/touched_pages.h"

namespace fibersan {
namespace {

constexpr uint64_t kCellBytes = 8;

void begin_segment(fsan_fiber& fiber) {
  this_thread.ring->start_segment(fiber.clock.lane(), fiber.clock.epoch(), fiber.info->id,
                                  fiber.held_locks.all());
  this_thread.segment_is_stale = false;
}

void remember(fsan_fiber& fiber, const Access& access, const Caller& caller) {
  if (this_thread.segment_is_stale) begin_segment(fiber);
  const uint64_t context =
      note_access_context(caller.context, caller.place, caller.pc, caller.frame, fiber.stack);
  const auto kind = static_cast<Stamp>(access.kind);
  this_thread.ring->record(access.address, access.size, !stamp_is_read(kind), stamp_is_atomic(kind),
                           context);
  note_stack_use(fiber, access.address);
  note_stack_use(fiber, reinterpret_cast<uintptr_t>(caller.frame));
  fiber.clock.touched();
}

[[gnu::noinline]] Races stamp_cell(Cell& cell, Stamp wanted, const FiberClock& clock) {
  for (;;) {
    if (stamp_is_extended(load_slot(cell, 0))) {
      CellResult result;
      result.step = CellStep::kExtended;
      check_extended(cell, wanted, clock, result);
      if (result.step != CellStep::kExtended) return std::move(result.races);
    }
    // relaxed: it changes only while a single thread executes accesses.
    CellResult result = accesses_are_parallel.load(std::memory_order_relaxed)
                            ? check_cell<SharedSlots>(cell, wanted, clock)
                            : check_cell<ExclusiveSlots>(cell, wanted, clock);
    if (result.step == CellStep::kFull || result.step == CellStep::kExtended)
      check_extended(cell, wanted, clock, result);
    if (result.step != CellStep::kExtended) return std::move(result.races);
  }
}

// Of a cell that many use, slot 1 shows one of them: the others' stamps are in the record only,
// and who looks again and again must not be recorded each time. A fiber that has done nothing in
// this epoch has none.
bool covered(const fsan_fiber& fiber, Cell& cell, Stamp first, Stamp second, Stamp wanted) {
  if (covered_fast(first, second, wanted)) return true;
  return stamp_is_extended(first) && fiber.clock.has_touched() && is_in_record(cell, wanted);
}

// C1's second look after an exchange: the stamp may be there already.
[[gnu::noinline]] Races look_again(Cell& cell, Stamp wanted, const FiberClock& clock) {
  Races races;
  for (const int i : {0, 1}) {
    const Stamp earlier = SharedSlots::load(cell.slots[i]);
    if (stamp_is_extended(earlier)) break;  // the record tells, stamped or not
    if (earlier != 0 && races_with(earlier, wanted, clock)) races.add(earlier);
  }
  races.add(stamp_cell(cell, wanted, clock), 0);
  return races;
}

// The next cells are likely to have been left by the same fiber: access_fast.h F2.
void learn_known(fsan_fiber& fiber, Stamp first, Stamp second) {
  for (const Stamp stamp : {first, second}) {
    if (stamp == 0 || stamp_is_extended(stamp) || stamp_is_freed(stamp)) continue;
    const LaneId lane = stamp_lane(stamp);
    if (lane != fiber.clock.lane() && fiber.clock.covers(stamp))
      fiber.known = make_stamp(lane, fiber.clock.clock().at(lane));
  }
}

struct Search {
  const FiberClock& clock;
  Stamp wanted;
  const Cell* first;
  uintptr_t address;  // of the first cell's bytes
  Conflicts conflicts;
};

// The slots say it, or the record.
Races races_in(Cell& cell, Stamp wanted, const FiberClock& clock) {
  const Stamp first = SharedSlots::load(cell.slots[0]);
  // That this leaves a stamp in a record is no harm: its cell is the caller's to forget.
  if (stamp_is_extended(first)) return stamp_cell(cell, wanted, clock);
  Races races;
  for (const Stamp earlier : {first, SharedSlots::load(cell.slots[1])}) {
    if (earlier != 0 && races_with(earlier, wanted, clock)) races.add(earlier);
  }
  return races;
}

void search_cells(Cell* from, Cell* to, void* data) {
  Search& search = *static_cast<Search*>(data);
  for (Cell* cell = from; cell != to; ++cell) {
    const Races races = races_in(*cell, search.wanted, search.clock);
    if (races.empty()) continue;
    search.conflicts.add(races,
                         search.address + static_cast<uintptr_t>(cell - search.first) * kCellBytes);
  }
}

struct Stamping {
  fsan_fiber& fiber;
  const Access& access;
  const Caller& caller;
  Conflicts conflicts = {};
  bool remembered = false;
};

// A free is recorded even where it is covered (memory.h M2).
Stamping begin_stamping(fsan_fiber& fiber, const Access& access, const Caller& caller) {
  if (access.is_free) remember(fiber, access, caller);
  return {fiber, access, caller, {}, access.is_free};
}

// Neighbours mostly hold the same: what was found out for one cell of a range holds for those
// behind it that have the same two stamps. Both return the first that has not, or, with
// `changed`, that somebody else changed meanwhile (C1).
Cell* skip_alike(Cell* cell, const Cell* end, Stamp first, Stamp second) {
  const auto differs = [&](int i) {
    return (load_slot(cell[i], 0) ^ first) | (load_slot(cell[i], 1) ^ second);
  };
  while (end - cell >= 4 && (differs(0) | differs(1) | differs(2) | differs(3)) == 0) cell += 4;
  while (cell != end && differs(0) == 0) ++cell;
  return cell;
}
Cell* stamp_alike(Cell* cell, const Cell* end, const CellPlan& plan, bool parallel, bool& changed) {
  const unsigned slot = (reinterpret_cast<uintptr_t>(plan.slot) & sizeof(Stamp)) != 0 ? 1 : 0;
  const auto is_alike = [&](int i) {
    return ((load_slot(cell[i], static_cast<int>(slot)) ^ plan.seen) |
            (load_slot(cell[i], static_cast<int>(1 - slot)) ^ plan.other_seen)) == 0;
  };
  if (parallel) {
    for (; cell != end && is_alike(0); ++cell) {
      const CellPlan same = {&cell->slots[slot], plan.seen, plan.other_seen, plan.desired};
      changed = !carry_out(same, true);
      if (changed) break;
    }
    return cell;
  }
  while (end - cell >= 2 && is_alike(0) && is_alike(1)) {
    for (const int i : {0, 1})
      ExclusiveSlots::exchange(cell[i].slots[slot], plan.seen, plan.desired);
    cell += 2;
  }
  for (; cell != end && is_alike(0); ++cell)
    ExclusiveSlots::exchange(cell->slots[slot], plan.seen, plan.desired);
  return cell;
}

// Cells of which the access has the same bytes.
FIBERSAN_INLINE void check_cells(Stamping& stamping, Cell* cell, Cell* const end, uintptr_t address,
                                 uint8_t bytes) {
  fsan_fiber& fiber = stamping.fiber;
  const Stamp wanted = with_mask(with_kind(fiber.clock.stamp(), stamping.access.kind), bytes);
  // relaxed: it changes only while a single thread executes accesses.
  const bool parallel = accesses_are_parallel.load(std::memory_order_relaxed);
  const Cell* const begin = cell;
  while (cell != end) {
    const Stamp first = load_slot(*cell, 0);
    const Stamp second = load_slot(*cell, 1);
    Cell* here = cell++;
    if (covered_fast(first, second, wanted)) {
      cell = skip_alike(cell, end, first, second);
      continue;
    }
    if (covered(fiber, *here, first, second, wanted)) continue;
    if (!stamping.remembered) remember(fiber, stamping.access, stamping.caller);
    stamping.remembered = true;
    const CellPlan plan = plan_access(*here, wanted, fiber);
    if (plan.slot != nullptr && carry_out(plan, parallel)) {
      // One that is outdone, too, makes room, and neighbours alike.
      if (outdoes_on_lane(plan.desired, plan.other_seen)) {
        Stamp& other = *other_slot(plan.slot);
        parallel ? SharedSlots::exchange(other, plan.other_seen, 0)
                 : ExclusiveSlots::exchange(other, plan.other_seen, 0);
      }
      bool changed = false;
      cell = stamp_alike(cell, end, plan, parallel, changed);
      if (!changed) continue;
      here = cell++;
    }
    const Races races = plan.slot != nullptr ? look_again(*here, wanted, fiber.clock)
                                             : stamp_cell(*here, wanted, fiber.clock);
    if (!races.empty())
      stamping.conflicts.add(races, address + static_cast<uintptr_t>(here - begin) * kCellBytes);
    if (!stamp_is_extended(first)) learn_known(fiber, first, second);
  }
}

// A part of the access.
[[gnu::noinline]] void stamp_bytes(Stamping& stamping, uintptr_t at, uintptr_t end) {
  Cell* cell = &cell_at(at);
  // The first and the last cell may be accessed in part.
  if (at % kCellBytes != 0 || end - at < kCellBytes) {
    const uintptr_t start = at & ~(kCellBytes - 1);
    const uintptr_t next = std::min(start + kCellBytes, end);
    check_cells(stamping, cell, cell + 1, start, byte_mask(at, next - at));
    at = next;
    ++cell;
  }
  Cell* const whole_end = cell + (end - at) / kCellBytes;
  check_cells(stamping, cell, whole_end, at, 0xff);
  const uintptr_t last = end & ~(kCellBytes - 1);
  if (at <= last && last != end)
    check_cells(stamping, whole_end, whole_end + 1, last, byte_mask(last, end - last));
}

// Cells of the access.
void stamp_touched(Cell* from, Cell* to, void* data) {
  Stamping& stamping = *static_cast<Stamping*>(data);
  const uintptr_t begin = stamping.access.address;
  const Cell* const first = &cell_at(begin);
  const uintptr_t low =
      (begin & ~(kCellBytes - 1)) + static_cast<uintptr_t>(from - first) * kCellBytes;
  const uintptr_t high = low + static_cast<uintptr_t>(to - from) * kCellBytes;
  stamp_bytes(stamping, std::max(low, begin), std::min(high, begin + stamping.access.size));
}

}  // namespace

Conflicts check_without_stamp(fsan_fiber& fiber, const Access& access) {
  const Stamp running = fiber.clock.stamp();
  if (running == 0 || access.size == 0) return {};
  const uintptr_t address = access.address & ~(kCellBytes - 1);
  Cell* const from = &cell_at(address);
  Cell* const to = &cell_at(access.address + access.size - 1) + 1;
  Search search{fiber.clock, with_mask(with_kind(running, access.kind), 0xff), from, address, {}};
  for_each_touched(from, to, search_cells, &search);
  return std::move(search.conflicts);
}

Conflicts check_cell_access(fsan_fiber& fiber, const Access& access, const Caller& caller) {
  const Stamp running = fiber.clock.stamp();
  if (running == 0) return {};  // the fiber got no lane; counted in the lane table
  Cell& cell = cell_at(access.address);
  const Stamp wanted =
      with_mask(with_kind(running, access.kind), byte_mask(access.address, access.size));
  const Stamp first = load_slot(cell, 0);
  const Stamp second = load_slot(cell, 1);
  const bool is_covered = covered(fiber, cell, first, second, wanted);
  if (is_covered && !access.is_free) return {};
  remember(fiber, access, caller);
  Conflicts conflicts;
  if (is_covered) return conflicts;
  const CellPlan plan = plan_access(cell, wanted, fiber);
  // relaxed: it changes only while a single thread executes accesses.
  const bool parallel = accesses_are_parallel.load(std::memory_order_relaxed);
  if (plan.slot != nullptr && carry_out(plan, parallel)) return conflicts;
  conflicts.add(plan.slot != nullptr ? look_again(cell, wanted, fiber.clock)
                                     : stamp_cell(cell, wanted, fiber.clock),
                access.address & ~(kCellBytes - 1));
  if (stamp_is_extended(first)) {
    learn_known(fiber, record_at(stamp_epoch(first)).unsure_of(wanted), 0);
  } else {
    learn_known(fiber, first, second);
  }
  return conflicts;
}

Conflicts check_access(fsan_fiber& fiber, const Access& access, const Caller& caller) {
  if (fiber.clock.stamp() == 0 || access.size == 0) return {};  // as above
  if (access.address % kCellBytes + access.size <= kCellBytes)
    return check_cell_access(fiber, access, caller);
  Stamping stamping = begin_stamping(fiber, access, caller);
  stamp_bytes(stamping, access.address, access.address + access.size);
  return std::move(stamping.conflicts);
}

Conflicts check_touched(fsan_fiber& fiber, const Access& access, const Caller& caller) {
  if (fiber.clock.stamp() == 0 || access.size == 0) return {};  // as above
  Stamping stamping = begin_stamping(fiber, access, caller);
  Cell* const from = &cell_at(access.address);
  Cell* const to = &cell_at(access.address + access.size - 1) + 1;
  for_each_touched(from, to, stamp_touched, &stamping);
  return std::move(stamping.conflicts);
}

Conflicts check_again(fsan_fiber& fiber, const Access& access) {
  const Stamp kind = with_kind(fiber.clock.stamp(), access.kind);
  Conflicts conflicts;
  const uintptr_t end = access.address + access.size;
  for (uintptr_t at = access.address; at < end;) {
    const uintptr_t cell_start = at & ~(kCellBytes - 1);
    const uintptr_t cell_end = cell_start + kCellBytes < end ? cell_start + kCellBytes : end;
    const Stamp wanted = with_mask(kind, byte_mask(at, cell_end - at));
    at = cell_end;
    conflicts.add(look_again(cell_at(cell_start), wanted, fiber.clock), cell_start);
  }
  return conflicts;
}

void access_again(const Access& access, const Caller& caller) {
  fsan_fiber& fiber = *this_thread.fiber;
  const Conflicts conflicts = check_again(fiber, access);
  if (!conflicts.empty()) report_conflicts(fiber, access, caller, conflicts);
}

void report_conflicts(const fsan_fiber& fiber, const Access& access, const Caller& caller,
                      const Conflicts& conflicts) {
  if (conflicts.empty()) return;
  CurrentAccess current;
  current.address = access.address;
  current.size = access.size;
  current.write = !stamp_is_read(static_cast<Stamp>(access.kind));
  current.atomic = stamp_is_atomic(static_cast<Stamp>(access.kind));
  current.is_free = access.is_free;
  current.is_operation = access.is_operation;
  current.is_vptr = access.is_vptr;
  current.pc = caller.pc;
  current.frame = caller.frame;
  current.fiber = &fiber;
  report_races(current, conflicts);
}

void access_cell(const Access& access, const Caller& caller) {
  fsan_fiber* const fiber = acting_fiber();
  if (fiber == nullptr) return;
  const Conflicts conflicts = check_cell_access(*fiber, access, caller);
  if (__builtin_expect(!conflicts.empty(), 0)) report_conflicts(*fiber, access, caller, conflicts);
}

void access_range_slowly(const Access& access, const Caller& caller) {
  fsan_fiber* const fiber = acting_fiber();
  if (fiber == nullptr) return;
  // N2. A vector's stamps are left all the same: later its inline check finds them.
  if (access.size > kWidestFast && acts_alone()) return;
  const Conflicts conflicts = check_access(*fiber, access, caller);
  if (__builtin_expect(!conflicts.empty(), 0)) report_conflicts(*fiber, access, caller, conflicts);
}

void access_range(const Access& access, const Caller& caller) {
  const Fast result = access_cells_fast(access.address, access.size, access.kind, caller);
  if (__builtin_expect(result == Fast::kDone, 1)) return;
  if (result == Fast::kLookAgain) return access_again(access, caller);
  access_range_slowly(access, caller);
}

}  // namespace fibersan
