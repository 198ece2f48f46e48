// The shadow finds a place for every layout that a kernel may draw.
#include "detector/shadow/layout.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <vector>

namespace fibersan {
namespace {

constexpr uintptr_t kTop = kAddressLimit - 4096;
constexpr uintptr_t kMiB = uintptr_t{1} << 20;
constexpr uintptr_t kGiB = uintptr_t{1} << 30;
constexpr uintptr_t kTiB = uintptr_t{1} << 40;

constexpr uintptr_t kHeaders = 4 * 4096;  // of an executable: may be given up
constexpr uintptr_t kProbe = kGiB;

struct Layout {
  std::vector<AddressRange> mappings;
  uintptr_t brk = 0x800000;
  AddressRange probe;
  uintptr_t stack = kTop - 128 * 1024;

  void map(uintptr_t low, uintptr_t size) { mappings.push_back({low, low + size}); }
  void position_independent(uintptr_t low) {
    map(low, 8 * kMiB);
    brk = low + 8 * kMiB + 0x123;
  }
  void libraries_below(uintptr_t top) {
    map(top - 16 * kMiB, 16 * kMiB);
    probe = {top - 16 * kMiB - kProbe, top - 16 * kMiB};
  }
  void libraries_above(uintptr_t base) {
    map(base, 16 * kMiB);
    probe = {base + 16 * kMiB, base + 16 * kMiB + kProbe};
  }
  ProgramPieces pieces() const {
    ProgramPieces program;
    for (const AddressRange& mapping : mappings) add_mapping(program, mapping);
    add_mapping(program, {stack & ~uintptr_t{4095}, kTop});
    add_brk(program, brk);
    add_future_mappings(program, probe);
    add_stack(program, stack);
    give_up_headers(program);
    return program;
  }
};

constexpr uintptr_t page_up(uintptr_t address) { return (address + 4095) & ~uintptr_t{4095}; }

// What Linux draws on x86-64 (arch/x86/mm/mmap.c, fs/binfmt_elf.c) for so many bits.
class Kernel {
 public:
  explicit Kernel(unsigned bits) : bits_(bits) {}

  uintptr_t random_pages() {
    const uint64_t pages = (uint64_t{1} << bits_) - 1;
    switch (random_() % 8) {  // the ends more often than chance would have them
      case 0:
        return 0;
      case 1:
        return pages << 12;
      default:
        return (random_() & pages) << 12;
    }
  }
  bool position_independent() { return random_() % 5 != 0; }
  uintptr_t executable() { return 0x555555554000 + random_pages(); }
  // [stack] is near the top, within 16 GiB.
  uintptr_t stack() { return kTop - ((random_() & 0x3fffff) << 12) - 128 * 1024; }
  // Mappings end here and grow downwards; `gap` is what the stack's limit asks for.
  uintptr_t mmap_base(uintptr_t gap) {
    const uintptr_t most = kTop / 6 * 5;
    gap += 16 * kGiB + kMiB;
    return page_up(kTop - (gap < most ? gap : most) - random_pages());
  }
  // They begin here and grow upwards.
  uintptr_t legacy_base() { return page_up(kTop / 3 + random_pages()); }

 private:
  unsigned bits_;
  std::mt19937_64 random_{20};
};

bool contains(const ProgramPieces& program, uintptr_t address) {
  for (size_t i = 0; i < program.count; ++i) {
    if (address >= program.pieces[i].low && address < program.pieces[i].high) return true;
  }
  return false;
}

// The shadow of the piece, as the pieces' addresses map to it one by one.
AddressRange shadow_piece(const AddressRange& piece, uint64_t base) {
  return {shadow_of(piece.low, base), shadow_of(piece.high - 8, base) + 16};
}

// L1 and L2 for the first base that is found.
void expect_place(const Layout& layout) {
  const ProgramPieces program = layout.pieces();
  ASSERT_TRUE(program.complete);
  for (const AddressRange& mapping : layout.mappings) {
    EXPECT_TRUE(contains(program, mapping.low + kHeaders)) << std::hex << mapping.low;
    EXPECT_TRUE(contains(program, mapping.high - 1)) << std::hex << mapping.high;
  }
  EXPECT_TRUE(contains(program, 0x400000));
  EXPECT_TRUE(contains(program, kTop));
  unsigned attempt = 0;
  uint64_t base = 0;
  ASSERT_TRUE(find_shadow_base(program, attempt, base)) << std::hex << layout.mappings[0].low;
  std::vector<AddressRange> taken(program.pieces, program.pieces + program.count);
  for (size_t i = 0; i < program.count; ++i) taken.push_back(shadow_piece(program.pieces[i], base));
  for (size_t i = 0; i < taken.size(); ++i) {
    ASSERT_LT(taken[i].low, taken[i].high);
    ASSERT_LE(taken[i].high, kAddressLimit);
    for (size_t j = 0; j < i; ++j) {
      ASSERT_TRUE(taken[i].high <= taken[j].low || taken[j].high <= taken[i].low)
          << std::hex << taken[i].low << " and " << taken[j].low;
    }
  }
}

class EveryRandomisation : public ::testing::TestWithParam<unsigned> {
 protected:
  static constexpr int kLayouts = 3000;
  Kernel kernel_{GetParam()};
};
INSTANTIATE_TEST_SUITE_P(Bits, EveryRandomisation, ::testing::Values(28, 30, 32));

TEST_P(EveryRandomisation, UsualLayout) {
  for (int i = 0; i < kLayouts && !HasFatalFailure(); ++i) {
    Layout layout;
    layout.stack = kernel_.stack();
    if (kernel_.position_independent()) layout.position_independent(kernel_.executable());
    layout.libraries_below(kernel_.mmap_base(i % 3 == 0 ? 64 * kGiB : 128 * kMiB));
    expect_place(layout);
  }
}

TEST_P(EveryRandomisation, UnlimitedStack) {
  for (int i = 0; i < kLayouts && !HasFatalFailure(); ++i) {
    Layout layout;
    layout.stack = kernel_.stack();
    if (kernel_.position_independent()) layout.position_independent(kernel_.executable());
    layout.libraries_below(kernel_.mmap_base(kTop));
    expect_place(layout);
  }
}

TEST_P(EveryRandomisation, GrowingUpwards) {
  for (int i = 0; i < kLayouts && !HasFatalFailure(); ++i) {
    Layout layout;
    layout.stack = kernel_.stack();
    if (kernel_.position_independent()) layout.position_independent(kernel_.executable());
    layout.libraries_above(kernel_.legacy_base());
    expect_place(layout);
  }
}

// `ld.so program`: the program is among the libraries, only brk is where executables are.
TEST_P(EveryRandomisation, LoaderStartedItself) {
  for (int i = 0; i < kLayouts && !HasFatalFailure(); ++i) {
    Layout layout;
    layout.stack = kernel_.stack();
    layout.libraries_below(kernel_.mmap_base(128 * kMiB));
    layout.brk = kernel_.executable();
    expect_place(layout);
  }
}

TEST(Layout, RoomWhereMappingsGrow) {
  Layout down;
  down.libraries_below(0x155500000000);
  EXPECT_TRUE(contains(down.pieces(), 0x155500000000 - 4 * kTiB));
  EXPECT_FALSE(contains(down.pieces(), 0x155500000000 + kTiB));
  Layout up;
  up.libraries_above(0x2aaaaaaab000);
  EXPECT_TRUE(contains(up.pieces(), 0x2aaaaaaab000 + 4 * kTiB));
  EXPECT_FALSE(contains(up.pieces(), 0x2aaaaaaab000 - kTiB));
}

TEST(Layout, AllAboveTheUsualMappings) {
  Layout layout;
  layout.libraries_below(0x7ff7f7ffe000 - 10 * kTiB);
  EXPECT_EQ(layout.pieces().count, 2u);  // low and top
  EXPECT_TRUE(contains(layout.pieces(), 0x7ff7f7ffe000 - 5 * kTiB));
}

TEST(Layout, KernelsOwnMappingsAreNotThePrograms) {
  Layout layout;
  layout.libraries_below(0x7ffff7ffe000);
  layout.map(0xffffffffff600000, 4096);  // [vsyscall]
  EXPECT_EQ(layout.pieces().count, 2u);  // low and top
}

TEST(Layout, MoreGroupsThanPiecesAreNotComplete) {
  Layout layout;
  for (uintptr_t at = 5 * kTiB; at < 120 * kTiB; at += 10 * kTiB) layout.map(at, kMiB);
  EXPECT_FALSE(layout.pieces().complete);
}

TEST(Layout, NoPlaceBesideAProgramEverywhere) {
  Layout layout;
  for (uintptr_t at = 5 * kTiB; at < 120 * kTiB; at += 20 * kTiB) layout.map(at, 19 * kTiB);
  const ProgramPieces program = layout.pieces();
  ASSERT_TRUE(program.complete);
  unsigned attempt = 0;
  uint64_t base = 0;
  EXPECT_FALSE(find_shadow_base(program, attempt, base));
}

TEST(Layout, FurtherAttemptsGiveOtherBases) {
  Layout layout;
  layout.map(0x555555554000, kMiB);
  layout.libraries_below(0x7ffff7ffe000);
  unsigned attempt = 0;
  uint64_t first = 0;
  uint64_t second = 0;
  ASSERT_TRUE(find_shadow_base(layout.pieces(), attempt, first));
  ASSERT_TRUE(find_shadow_base(layout.pieces(), attempt, second));
  EXPECT_NE(first, second);
}

}  // namespace
}  // namespace fibersan
