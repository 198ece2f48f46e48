#include "detector/shadow/extended.h"

#include <atomic>
#include <new>

#include "detector/clock/slab.h"
#include "detector/clock/spin_lock.h"
#include "detector/history/mapping.h"

namespace fibersan {
namespace {

struct Chunk {
  static constexpr unsigned kStamps = 14;
  Chunk* next = nullptr;
  uint64_t count = 0;
  Stamp stamps[kStamps];
};
static_assert(sizeof(Chunk) == 128);
constinit Slab chunk_slab(sizeof(Chunk));

struct Record {
  SpinLock lock;  // rank 15
  Cell* cell FIBERSAN_GUARDED_BY(lock) = nullptr;
  Chunk* first FIBERSAN_GUARDED_BY(lock) = nullptr;
  uint32_t count FIBERSAN_GUARDED_BY(lock) = 0;
  uint32_t next_free = 0;  // under free_lock
};

// Records are never unmapped: a thread may still lock one that is no longer its cell's.
constexpr uint32_t kRecordLimit = 1u << 24;
SpinLock free_lock;  // rank 16
Record* records FIBERSAN_GUARDED_BY(free_lock) = nullptr;
uint32_t first_free FIBERSAN_GUARDED_BY(free_lock) = 0;
uint32_t used_records FIBERSAN_GUARDED_BY(free_lock) = 1;  // 0 names none
std::atomic<Record*> all_records{nullptr};
std::atomic<uint64_t> live_records{0};
std::atomic<uint64_t> dropped{0};

constexpr Stamp extended_stamp(uint32_t index) { return make_stamp(kExtendedLane, index); }

Record& record_at(uint32_t index) {
  // acquire [A1], pairs with the release [R1] of whoever mapped the array.
  return all_records.load(std::memory_order_acquire)[index];
}

// 0 when there are too many.
uint32_t allocate_record() {
  SpinGuard guard(free_lock);
  if (first_free != 0) {
    const uint32_t index = first_free;
    first_free = records[index].next_free;
    return index;
  }
  if (records == nullptr) {
    void* memory = fibersan::try_map_memory(sizeof(Record) * kRecordLimit);
    if (memory == nullptr) return 0;
    records = static_cast<Record*>(memory);                 // zero pages are empty records
    all_records.store(records, std::memory_order_release);  // [R1]
  }
  return used_records < kRecordLimit ? used_records++ : 0;
}

void free_record(uint32_t index) {
  SpinGuard guard(free_lock);
  records[index].next_free = first_free;
  first_free = index;
}

void add(Record& record, Stamp stamp) FIBERSAN_REQUIRES(record.lock) {
  if (record.count >= kStampLimit) {
    dropped.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  if (record.first == nullptr || record.first->count == Chunk::kStamps) {
    Chunk* chunk = new (chunk_slab.allocate()) Chunk;
    chunk->next = record.first;
    record.first = chunk;
  }
  record.first->stamps[record.first->count++] = stamp;
  ++record.count;
}

void remove_newest(Record& record) FIBERSAN_REQUIRES(record.lock) {
  --record.count;
  if (--record.first->count != 0) return;
  Chunk* empty = record.first;
  record.first = empty->next;
  chunk_slab.free(empty);
}

void clear(Record& record) FIBERSAN_REQUIRES(record.lock) {
  while (record.count != 0) remove_newest(record);
  record.cell = nullptr;
}

// Finds races and drops what `access` replaces (C2); merges it where it belongs. True when
// its stamp was there: whoever extended the cell may have taken it along before we looked
// at the others.
bool look(Record& record, Stamp access, const FiberClock& clock, Races& races)
    FIBERSAN_REQUIRES(record.lock) {
  bool is_covered = false;
  Stamp merged = access;  // with the bytes that its segment accessed before (C3)
  for (Chunk* chunk = record.first; chunk != nullptr; chunk = chunk->next) {
    for (uint64_t i = 0; i < chunk->count; ++i) {
      Stamp& earlier = chunk->stamps[i];
      if (stamp_subsumes(earlier, access)) {
        is_covered = true;
        continue;
      }
      if (same_segment_and_kind(earlier, access)) merged |= earlier & kStampMaskBits;
      if (races_with(earlier, access, clock)) races.add(earlier);
    }
  }
  if (is_covered) return true;
  Chunk* chunk = record.first;
  while (chunk != nullptr) {
    Chunk* const older = chunk->next;
    for (uint64_t i = 0; i < chunk->count;) {
      if (!replaces(merged, chunk->stamps[i], clock)) {
        ++i;
        continue;
      }
      // The newest stamp fills the hole. In the newest chunk that may end the chunk.
      const bool last_of_newest = chunk == record.first && chunk->count == 1;
      chunk->stamps[i] = record.first->stamps[record.first->count - 1];
      remove_newest(record);
      if (last_of_newest) break;
    }
    chunk = older;
  }
  add(record, merged);
  return false;
}

void update(Record& record, uint32_t index, Cell& cell, Stamp access, const FiberClock& clock,
            CellResult& result) FIBERSAN_REQUIRES(record.lock) {
  const bool is_covered = look(record, access, clock, result.races);
  result.step = is_covered ? CellStep::kCovered : CellStep::kStamped;
  // seq_cst as in cell.h C1: whoever exchanged slot 1 meanwhile reloads slot 0 and comes here.
  if (record.count == 1 && !is_covered) {
    const Stamp only = record.first->stamps[0];
    clear(record);
    __atomic_store_n(&cell.slots[1], 0, __ATOMIC_SEQ_CST);
    __atomic_store_n(&cell.slots[0], only, __ATOMIC_SEQ_CST);
    live_records.fetch_sub(1, std::memory_order_relaxed);
    free_record(index);
  } else {
    __atomic_store_n(&cell.slots[1], access, __ATOMIC_SEQ_CST);
  }
}

void inflate(Cell& cell, Stamp access, const FiberClock& clock, CellResult& result) {
  const uint32_t index = allocate_record();
  if (index == 0) {
    dropped.fetch_add(1, std::memory_order_relaxed);
    result.step = CellStep::kStamped;
    return;
  }
  result.step = CellStep::kExtended;
  Record& record = record_at(index);
  SpinGuard guard(record.lock);
  record.cell = &cell;
  add(record, result.seen[0]);
  add(record, result.seen[1]);
  if (!SharedSlots::exchange(cell.slots[0], result.seen[0], extended_stamp(index))) {
    clear(record);
    free_record(index);
    return;  // somebody was faster: look again
  }
  live_records.fetch_add(1, std::memory_order_relaxed);
  // Whoever put a stamp into slot 1 since we looked is taken along; whoever does it from
  // now on fails, or sees slot 0 changed and comes here.
  const Stamp second = __atomic_exchange_n(&cell.slots[1], access, __ATOMIC_SEQ_CST);
  if (second != result.seen[1] && second != 0) add(record, second);
  update(record, index, cell, access, clock, result);
}

}  // namespace

void check_extended(Cell& cell, Stamp access, const FiberClock& clock, CellResult& result) {
  if (result.step == CellStep::kFull) return inflate(cell, access, clock, result);
  result.step = CellStep::kExtended;
  const Stamp first = SharedSlots::load(cell.slots[0]);
  if (!stamp_is_extended(first)) return;
  const uint32_t index = stamp_epoch(first);
  Record& record = record_at(index);
  SpinGuard guard(record.lock);
  if (record.cell != &cell || SharedSlots::load(cell.slots[0]) != first) return;  // E1
  update(record, index, cell, access, clock, result);
}

void clear_extended(Cell& cell) {
  const Stamp first = SharedSlots::load(cell.slots[0]);
  if (stamp_is_extended(first)) {
    const uint32_t index = stamp_epoch(first);
    Record& record = record_at(index);
    SpinGuard guard(record.lock);
    if (record.cell == &cell) {
      clear(record);
      live_records.fetch_sub(1, std::memory_order_relaxed);
      free_record(index);
    }
  }
  // relaxed: memory that is handed over is synchronised by whoever hands it over.
  __atomic_store_n(&cell.slots[0], 0, __ATOMIC_RELAXED);
  __atomic_store_n(&cell.slots[1], 0, __ATOMIC_RELAXED);
}

void for_each_stamp(Cell& cell, void (*visit)(Stamp, void*), void* data) {
  for (;;) {
    const Stamp first = SharedSlots::load(cell.slots[0]);
    if (!stamp_is_extended(first)) {
      const Stamp second = SharedSlots::load(cell.slots[1]);
      // Changed meanwhile: slot 1 may have been overwritten by a copy, and what it held may
      // have been in a record and be in slot 0 by now.
      if (SharedSlots::load(cell.slots[0]) != first) continue;
      if (first != 0) visit(first, data);
      if (second != 0) visit(second, data);
      return;
    }
    Record& record = record_at(stamp_epoch(first));
    SpinGuard guard(record.lock);
    if (record.cell != &cell || SharedSlots::load(cell.slots[0]) != first) continue;  // E1
    for (Chunk* chunk = record.first; chunk != nullptr; chunk = chunk->next)
      for (uint64_t i = 0; i < chunk->count; ++i) visit(chunk->stamps[i], data);
    return;
  }
}

uint64_t dropped_stamps() { return dropped.load(std::memory_order_relaxed); }
uint64_t extended_cells() { return live_records.load(std::memory_order_relaxed); }

}  // namespace fibersan
