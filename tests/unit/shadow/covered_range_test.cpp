// covered_range.h V1: what the wide comparison says of cells is what cell_covers() says of each.
#include "detector/race/covered_range.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace fibersan {
namespace {

constexpr Stamp kWrite = 0x0000'0123'4567'89ff;  // of all bytes
constexpr Stamp kRead = kWrite | FSAN_STAMP_READ;
constexpr size_t kMany = 70;  // four blocks of the wide form and a rest

bool plain_loop(const Cell* cell, const Cell* end, Stamp wanted) {
  for (; cell != end; ++cell)
    if (!cell_covers(*cell, wanted)) return false;
  return true;
}

// What a cell may hold: nothing, this stamp, the other kind, some bytes, another segment.
const Stamp kStamps[] = {0,
                         kWrite,
                         kRead,
                         kWrite & ~Stamp{1},
                         kRead & ~Stamp{0x80},
                         kWrite ^ 0x100,
                         kRead ^ (Stamp{1} << 40)};

TEST(CoveredRange, OneCellOfManyDecides) {
  for (const Stamp wanted : {kWrite, kRead})
    for (size_t size = 0; size < kMany; ++size)
      for (size_t odd = 0; odd < size; ++odd)
        for (const Stamp first : kStamps)
          for (const Stamp second : kStamps) {
            std::vector<Cell> cells(size, Cell{{kWrite, 0}});
            cells[odd] = {{first, second}};
            const Cell* begin = cells.data();
            ASSERT_EQ(all_cover(begin, begin + size, wanted),
                      plain_loop(begin, begin + size, wanted))
                << size << " cells, number " << odd << " holds " << first << ' ' << second;
          }
}

TEST(CoveredRange, MixedCellsInAnyPlace) {
  std::mt19937_64 random(1);
  const Cell covering[] = {{{kWrite, 0}},
                           {{kWrite, kRead}},
                           {{0, kWrite}},
                           {{0, kRead}},
                           {{kRead, 0}},
                           {{kRead, kWrite}},
                           {{kWrite ^ 0x100, kRead}},
                           {{kWrite, kRead ^ 0x100}}};
  int covered = 0;
  for (int round = 0; round < 20000; ++round) {
    std::vector<Cell> cells(kMany);
    const bool only_written = random() % 2 == 0;
    for (Cell& cell : cells) cell = covering[random() % (only_written ? 3 : std::size(covering))];
    const Cell* begin = cells.data() + random() % 8;
    const Cell* end = begin + random() % (kMany - 8);
    const Stamp wanted = random() % 2 == 0 ? kWrite : kRead;
    const bool expected = plain_loop(begin, end, wanted);
    covered += expected;
    ASSERT_EQ(all_cover(begin, end, wanted), expected);
    ASSERT_EQ(few_cover(begin, end, wanted), expected);
  }
  EXPECT_GT(covered, 1000);
  EXPECT_LT(covered, 19000);
}

}  // namespace
}  // namespace fibersan
