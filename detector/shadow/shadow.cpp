#include "detector/shadow/shadow.h"

#include <sys/mman.h>

#include "detector/shadow/extended.h"
#include "detector/shadow/touched_pages.h"

namespace fibersan {
namespace {

Stamp all_bits(const Cell& cell) {
  return __atomic_load_n(&cell.slots[0], __ATOMIC_RELAXED) |
         __atomic_load_n(&cell.slots[1], __ATOMIC_RELAXED);
}

// Untouched shadow is only read: a write would commit its page. Most of it is, so that a cache
// line is looked at at once.
void clear_cells(Cell* from, Cell* to) {
  constexpr uintptr_t kLine = 64;
  Cell* cell = from;
  while (cell != to) {
    if (reinterpret_cast<uintptr_t>(cell) % kLine == 0) {
      while (to - cell >= 4 &&
             (all_bits(cell[0]) | all_bits(cell[1]) | all_bits(cell[2]) | all_bits(cell[3])) == 0)
        cell += 4;
      if (cell == to) return;
    }
    Cell& here = *cell++;
    if (all_bits(here) == 0) continue;
    if (__builtin_expect(stamp_is_extended(__atomic_load_n(&here.slots[0], __ATOMIC_RELAXED)), 0)) {
      clear_extended(here);
      continue;
    }
    // As clear_extended(): who hands memory over synchronises it.
    __atomic_store_n(&here.slots[0], 0, __ATOMIC_RELAXED);
    __atomic_store_n(&here.slots[1], 0, __ATOMIC_RELAXED);
  }
}

// For cells that are about to be given back: only what is elsewhere is cleared.
void free_records(Cell* from, Cell* to, void*) {
  for (Cell* cell = from; cell != to; ++cell) {
    if (stamp_is_extended(__atomic_load_n(&cell->slots[0], __ATOMIC_RELAXED)))
      clear_extended(*cell);
  }
}

}  // namespace

void clear_shadow(uintptr_t address, uint64_t size) {
  if (size == 0) return;
  Cell* const from = &cell_at(address);
  Cell* const to = &cell_at(address + size - 1) + 1;
  if (size < kGiveBackFrom) {
    clear_cells(from, to);
    return;
  }
  if (extended_cells() != 0) for_each_touched(from, to, free_records, nullptr);
  const uintptr_t first_page = shadow_page_up(from);
  const uintptr_t end_page = shadow_page_down(to);
  clear_cells(from, reinterpret_cast<Cell*>(first_page));
  madvise(reinterpret_cast<void*>(first_page), end_page - first_page, MADV_DONTNEED);
  clear_cells(reinterpret_cast<Cell*>(end_page), to);
}

}  // namespace fibersan
