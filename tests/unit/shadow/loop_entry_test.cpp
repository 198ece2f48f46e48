// The check of a loop's range, as instrumented code calls it: whatever the shadow holds already,
// afterwards each byte of the range is covered and no other.
#include <array>
#include <random>
#include <set>

#include "detector/race/loop_vectors.h"
#include "detector/shadow/cell.h"
#include "detector/shadow/shadow.h"
#include "tests/unit/shadow/fake_fiber.h"

namespace fibersan {
namespace {

struct Range {
  size_t offset;
  size_t size;
};
constexpr size_t kArray = 600;

// Says what the entry did to the registers that it keeps.
#define FIBERSAN_CALL_LOOP(entry)                                                             \
  [](Range range, [[maybe_unused]] uintptr_t first, [[maybe_unused]] uintptr_t last) {        \
    const uintptr_t address = reinterpret_cast<uintptr_t>(HooksTest::bytes()) + range.offset; \
    uintptr_t rdi = address, rsi = range.size, rdx = first;                                   \
    register uintptr_t r8 asm("r8") = last;                                                   \
    asm volatile("leaq -256(%%rsp), %%rsp\n\t" entry "\n\tleaq 256(%%rsp), %%rsp"             \
                 : "+D"(rdi), "+S"(rsi), "+d"(rdx), "+r"(r8)                                  \
                 :                                                                            \
                 : "rax", "rcx", "r9", "xmm16", "xmm17", "xmm18", "xmm19", "memory", "cc");   \
    return rdi == address && rsi == range.size;                                               \
  }

using Entry = bool (*)(Range, uintptr_t first, uintptr_t last);
struct Entries {
  AccessKind kind;
  Entry all[4];
};
// With the context as an argument and without, from the first cell on and from a later one.
const Entries kEntries[] = {
    {AccessKind::kRead,
     {FIBERSAN_CALL_LOOP("pushq $1\n\tcallq __fsan_call_read_loop"),
      FIBERSAN_CALL_LOOP("callq __fsan_call_read_loop_leaf"),
      FIBERSAN_CALL_LOOP("pushq $1\n\tcallq __fsan_check_read_loop"),
      FIBERSAN_CALL_LOOP("callq __fsan_check_read_loop_leaf")}},
    {AccessKind::kWrite,
     {FIBERSAN_CALL_LOOP("pushq $1\n\tcallq __fsan_call_write_loop"),
      FIBERSAN_CALL_LOOP("callq __fsan_call_write_loop_leaf"),
      FIBERSAN_CALL_LOOP("pushq $1\n\tcallq __fsan_check_write_loop"),
      FIBERSAN_CALL_LOOP("callq __fsan_check_write_loop_leaf")}},
};

class LoopEntry : public HooksTest {
 protected:
  static Cell& cell(size_t offset) { return cell_at(reinterpret_cast<uintptr_t>(data) + offset); }
  static bool is_covered(size_t offset, AccessKind kind) {
    return cell_covers(cell(offset),
                       __fsan_running.stamp | static_cast<Stamp>(kind) | (Stamp{1} << offset % 8));
  }
  size_t some(size_t least, size_t most) {
    return std::uniform_int_distribution<size_t>(least, most)(random_);
  }

  void access(std::array<bool, kArray>& accessed, size_t offset, size_t size, bool reads) {
    if (reads)
      __fsan_read_range(data + offset, size, 1);
    else
      __fsan_write_range(data + offset, size, 1);
    std::fill_n(accessed.begin() + static_cast<ptrdiff_t>(offset), size, true);
  }
  // Accesses before the loop: of all but a few bytes.
  void access_but_a_hole(std::array<bool, kArray>& accessed) {
    const size_t hole = some(0, kArray - 8);
    const size_t end = hole + some(1, 8);
    const bool reads = some(0, 1) == 0;
    access(accessed, 0, hole, reads);
    access(accessed, end, kArray - end, reads);
  }
  // Some of them in an earlier epoch.
  void access_somewhere(std::array<bool, kArray>& accessed) {
    for (size_t left = some(0, 6); left > 0; --left) {
      const size_t offset = some(0, kArray - 1);
      const size_t size = some(1, kArray - offset);
      access(accessed, offset, size, some(0, 1) == 0);
      if (some(0, 3) == 0) __fsan_release(sync);
    }
  }

  // Where the inline test would call: by pairs of cells with all bytes, in the slot of the first.
  static uintptr_t first_to_look_at(Range range, AccessKind kind) {
    const Stamp stamp = __fsan_running.stamp | kStampMaskBits;
    const bool is_slot1 = kind == AccessKind::kRead && cell(range.offset).slots[0] != stamp;
    const Stamp wanted = is_slot1 ? stamp | static_cast<Stamp>(kind) : stamp;
    const Cell* first = &cell(range.offset);
    const Cell* const last = &cell(range.offset + range.size - 1);
    while (first < last && first->slots[is_slot1] == wanted && first[1].slots[is_slot1] == wanted)
      first += 2;
    return reinterpret_cast<uintptr_t>(&first->slots[is_slot1]);
  }

  std::mt19937 random_{1};
};

class LoopEntryWith : public LoopEntry, public testing::WithParamInterface<bool> {};

TEST_P(LoopEntryWith, CoversTheRangeAndNoOtherByte) {
  const unsigned char has_vectors = __fsan_loop_vectors;
  if (GetParam() && !has_vectors) GTEST_SKIP() << "this processor has no AVX-512VL";
  __fsan_loop_vectors = GetParam();
  for (int round = 0; round < 4000; ++round) {
    memory_allocated(reinterpret_cast<uintptr_t>(data), kBytes);
    const size_t offset = some(0, kArray - 1);
    const Range range = {
        offset, some(1, round % 2 == 0 ? kArray - offset : std::min<size_t>(kArray - offset, 24))};
    const Entries& entries = kEntries[some(0, 1)];
    std::array<bool, kArray> accessed{};
    FakeFiber fiber;
    fiber.run([&] {
      some(0, 1) == 0 ? access_but_a_hole(accessed) : access_somewhere(accessed);
      const uintptr_t first = first_to_look_at(range, entries.kind);
      const auto last = reinterpret_cast<uintptr_t>(&cell(range.offset + range.size - 1));
      EXPECT_TRUE(entries.all[some(0, 3)](range, first, last + first % 16));
      for (size_t i = 0; i < range.size; ++i)
        ASSERT_TRUE(is_covered(range.offset + i, entries.kind)) << round << " " << range.offset + i;
    });
    std::fill_n(accessed.begin() + static_cast<ptrdiff_t>(range.offset), range.size, true);
    FakeFiber other;
    const std::set<size_t> looked_at = {range.offset - 1, range.offset,
                                        range.offset + range.size - 1, range.offset + range.size,
                                        some(0, kArray - 1)};
    for (const size_t byte : looked_at) {
      if (byte >= kArray) continue;
      const int races = other.run([&] { __fsan_write1(data + byte, 1); });
      ASSERT_EQ(races > 0, accessed[byte]) << round << " " << byte;
    }
  }
  __fsan_loop_vectors = has_vectors;
}
INSTANTIATE_TEST_SUITE_P(Vectors, LoopEntryWith, testing::Bool());

}  // namespace
}  // namespace fibersan
