#include "detector/shadow/extended.h"

#include "detector/shadow/extended_steps.h"
#include "detector/shadow/record.h"

namespace fibersan {
namespace {

struct SharedSteps {
  static Stamp load(const Stamp& slot) { return SharedSlots::load(slot); }
  static bool exchange(Stamp& slot, Stamp expected, Stamp desired) {
    return SharedSlots::exchange(slot, expected, desired);
  }
  static Stamp swap(Stamp& slot, Stamp stamp) {
    return __atomic_exchange_n(&slot, stamp, __ATOMIC_SEQ_CST);
  }
  // release: for those who find the EXTENDED stamp gone. Not seq_cst: what is stored late is
  // stored under the lock still, and whoever exchanges slot 1 before sees slot 0 as it was.
  static void store(Stamp& slot, Stamp stamp) { __atomic_store_n(&slot, stamp, __ATOMIC_RELEASE); }

  static uint32_t take() { return take_record(); }
  static void give_back(uint32_t number) { give_back_record(number); }
  static Record::Hold lock(uint32_t number, bool for_read) {
    return record_at(number).lock(for_read);
  }
  static void unlock(uint32_t number, Record::Hold hold) { record_at(number).unlock(hold); }
  static void put(uint32_t number, Stamp stamp) { record_at(number).put(stamp); }
  static Looked look(uint32_t number, Stamp access, const FiberClock& clock, Races& races,
                     Record::Hold hold) {
    return record_at(number).look(access, clock, races, hold);
  }
  static void clear(uint32_t number) { record_at(number).clear(); }
  template <typename Visit>
  static void visit(uint32_t number, Visit visitor) {
    record_at(number).visit([](Stamp stamp, void* data) { (*static_cast<Visit*>(data))(stamp); },
                            &visitor);
  }
  static void forget() { count_forgotten(1); }
};

}  // namespace

void check_extended(Cell& cell, Stamp access, const FiberClock& clock, CellResult& result) {
  SharedSteps steps;
  access_extended(steps, cell, access, clock, result);
}

bool is_in_record(Cell& cell, Stamp access) {
  const Stamp first = SharedSlots::load(cell.slots[0]);
  if (!stamp_is_extended(first)) return false;
  Record& record = record_at(stamp_epoch(first));
  const Record::Hold hold = record.lock(stamp_is_read(access));
  const bool is_there = SharedSlots::load(cell.slots[0]) == first &&  // E1
                        record.holds(access, hold);
  // As access_record() does (E2): so the fiber's next one finds it there.
  if (is_there && hold == Record::Hold::kAlone) SharedSteps::store(cell.slots[1], access);
  record.unlock(hold);
  return is_there;
}

// Stores relaxed: memory that is handed over is synchronised by whoever hands it over.
void clear_extended(Cell& cell) {
  for (;;) {
    const Stamp first = SharedSlots::load(cell.slots[0]);
    if (!stamp_is_extended(first)) break;
    const uint32_t number = stamp_epoch(first);
    Record& record = record_at(number);
    const Record::Hold hold = record.lock(false);
    const bool is_ours = SharedSlots::load(cell.slots[0]) == first;  // E1
    if (is_ours) {
      __atomic_store_n(&cell.slots[1], 0, __ATOMIC_RELAXED);
      __atomic_store_n(&cell.slots[0], 0, __ATOMIC_RELAXED);
      record.clear();
    }
    record.unlock(hold);
    if (is_ours) return give_back_record(number);
  }
  __atomic_store_n(&cell.slots[0], 0, __ATOMIC_RELAXED);
  __atomic_store_n(&cell.slots[1], 0, __ATOMIC_RELAXED);
}

void for_each_stamp(Cell& cell, void (*visit)(Stamp, void*), void* data) {
  SharedSteps steps;
  while (!visit_stamps_once(steps, cell, [=](Stamp stamp) { visit(stamp, data); })) {
  }
}

uint64_t dropped_stamps() { return forgotten_stamps(); }
uint64_t extended_cells() { return records_in_use(); }

}  // namespace fibersan
