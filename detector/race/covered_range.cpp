#include "detector/race/covered_range.h"

namespace fibersan {
namespace {

constexpr ptrdiff_t kBlock = 16;

using Pair = Stamp __attribute__((vector_size(32), aligned(16), may_alias));  // two cells

// The slots that the detector prefers hold the stamps of whole cells: slot 0 a write, slot 1 a
// read. No other stamp is looked for.
__attribute__((target("avx2"), no_sanitize("thread"))) bool block_covers(const Cell* cell,
                                                                         Stamp wanted) {
  const Stamp written = wanted & ~FSAN_STAMP_READ;
  const Pair pattern = {written, wanted, written, wanted};
  Pair covered = {~Stamp{0}, ~Stamp{0}, ~Stamp{0}, ~Stamp{0}};
  for (ptrdiff_t i = 0; i < kBlock / 2; ++i) {
    const auto equal = reinterpret_cast<Pair>(reinterpret_cast<const Pair*>(cell)[i] == pattern);
    covered &= equal | __builtin_shufflevector(equal, equal, 1, 0, 3, 2);
  }
  return (covered[0] & covered[2]) != 0;
}

__attribute__((target("avx2"))) bool all_cover_wide(const Cell* cell, const Cell* end,
                                                    Stamp wanted) {
  for (; end - cell >= kBlock; cell += kBlock)
    if (!block_covers(cell, wanted) && !few_cover(cell, cell + kBlock, wanted)) return false;
  return few_cover(cell, end, wanted);
}

}  // namespace

bool all_cover(const Cell* cell, const Cell* end, Stamp wanted) {
  if (end - cell >= kBlock && __builtin_cpu_supports("avx2"))
    return all_cover_wide(cell, end, wanted);
  return few_cover(cell, end, wanted);
}

}  // namespace fibersan
