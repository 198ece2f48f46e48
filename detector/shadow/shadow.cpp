#include "detector/shadow/shadow.h"

#include <sys/mman.h>

#include "detector/shadow/extended.h"

namespace fibersan {
namespace {

constexpr uintptr_t kPage = 4096;
// Below this, writing zeroes is cheaper than a system call and new page faults.
constexpr uint64_t kGiveBackFrom = uint64_t{256} << 10;

void clear_cells(Cell* from, Cell* to) {
  for (Cell* cell = from; cell != to; ++cell) {
    const Stamp first = __atomic_load_n(&cell->slots[0], __ATOMIC_RELAXED);
    const Stamp second = __atomic_load_n(&cell->slots[1], __ATOMIC_RELAXED);
    // Untouched shadow is only read: a write would commit its page.
    if ((first | second) != 0) clear_extended(*cell);
  }
}

}  // namespace

void clear_shadow(uintptr_t address, uint64_t size) {
  if (size == 0) return;
  Cell* const from = &cell_at(address);
  Cell* const to = &cell_at(address + size - 1) + 1;
  // A record is found through its cell, so while there are records all cells are looked at.
  if (size < kGiveBackFrom || extended_cells() != 0) {
    clear_cells(from, to);
    return;
  }
  const uintptr_t first_page = (reinterpret_cast<uintptr_t>(from) + kPage - 1) & ~(kPage - 1);
  const uintptr_t end_page = reinterpret_cast<uintptr_t>(to) & ~(kPage - 1);
  clear_cells(from, reinterpret_cast<Cell*>(first_page));
  madvise(reinterpret_cast<void*>(first_page), end_page - first_page, MADV_DONTNEED);
  clear_cells(reinterpret_cast<Cell*>(end_page), to);
}

}  // namespace fibersan
