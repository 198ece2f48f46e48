// Blocks that come and go: freed as written, fresh as untouched, and large ones at the cost of
// what was touched.
#include "detector/race/memory.h"

#include <sys/mman.h>

#include <cstdio>
#include <memory>
#include <vector>

#include "detector/shadow/extended.h"
#include "detector/shadow/shadow.h"
#include "tests/unit/shadow/fake_fiber.h"

namespace fibersan {
namespace {

constexpr size_t kMiB = size_t{1} << 20;

// Pages of this process that are in memory.
long resident_pages() {
  long all = 0;
  long resident = 0;
  FILE* const file = std::fopen("/proc/self/statm", "r");
  EXPECT_EQ(std::fscanf(file, "%ld %ld", &all, &resident), 2);
  std::fclose(file);
  return resident;
}

class Memory : public HooksTest {
 protected:
  static constexpr size_t kLarge = 256 * kMiB;

  void SetUp() override {
    HooksTest::SetUp();
    void* const mapped = mmap(nullptr, kLarge, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    ASSERT_NE(mapped, MAP_FAILED);
    block = static_cast<char*>(mapped);
    memory_allocated(reinterpret_cast<uintptr_t>(block), kLarge);
  }
  void TearDown() override {
    memory_allocated(reinterpret_cast<uintptr_t>(block), kLarge);
    munmap(block, kLarge);
  }
  static auto frees(size_t size) {
    return [=] {
      memory_freed(reinterpret_cast<uintptr_t>(block), size, 1, __builtin_frame_address(0));
    };
  }
  static auto writes(size_t offset) {
    return [=] { __fsan_write8(block + offset, 1); };
  }
  static inline char* block;
};

TEST_F(Memory, FreeIsAWrite) {
  EXPECT_EQ(races_of(writes(64), frees(128)), 1);
  EXPECT_TRUE(recorded.last.current.is_free);
}
TEST_F(Memory, FreeStaysWritten) { EXPECT_EQ(races_of(frees(128), writes(64)), 1); }
TEST_F(Memory, FreshMemoryHasNoPast) {
  EXPECT_EQ(races_of(writes(64),
                     [] {
                       memory_allocated(reinterpret_cast<uintptr_t>(block), 128);
                       writes(64)();
                     }),
            0);
}

TEST_F(Memory, FreeOfALargeBlockFindsEarlierUses) {
  for (const size_t offset : {size_t{0}, kLarge / 2 + 8, kLarge - 8}) {
    recorded = {};
    EXPECT_EQ(races_of(writes(offset), frees(kLarge)), 1) << offset;
    EXPECT_EQ(recorded.last.cell, reinterpret_cast<uintptr_t>(block + offset));
    memory_allocated(reinterpret_cast<uintptr_t>(block), kLarge);
  }
}
TEST_F(Memory, FreeOfALargeBlockFindsUsesAtItsUnevenEnd) {
  EXPECT_EQ(races_of(writes(kMiB + 96), frees(kMiB + 100)), 1);
  memory_allocated(reinterpret_cast<uintptr_t>(block), kLarge);
  EXPECT_EQ(races_of(writes(kMiB + 104), frees(kMiB + 100)), 0);
}
TEST_F(Memory, FreeOfALargeBlockFindsRecords) {
  FakeFiber readers[4];
  for (FakeFiber& reader : readers) reader.run([] { __fsan_read8(block + 40 * kMiB, 1); });
  FakeFiber last;
  EXPECT_EQ(last.run(frees(kLarge)), 4);
}
TEST_F(Memory, FreeOfALargeBlockThatWasHandedOverIsSilent) {
  EXPECT_EQ(races_of(
                [] {
                  writes(3 * kMiB)();
                  __fsan_release(sync);
                },
                [] {
                  __fsan_acquire(sync);
                  frees(kLarge)();
                }),
            0);
}
// Whoever maps the place next finds nothing (M3).
TEST_F(Memory, BlocksThatAreUnmappedLeaveNothingBehind) {
  EXPECT_EQ(races_of(
                [] {
                  writes(8 * kMiB)();
                  mapped_memory_freed(reinterpret_cast<uintptr_t>(block), kLarge, 1,
                                      __builtin_frame_address(0));
                },
                writes(8 * kMiB)),
            0);
}
TEST_F(Memory, UnmappingABlockFindsEarlierUses) {
  EXPECT_EQ(races_of(writes(8 * kMiB),
                     [] {
                       mapped_memory_freed(reinterpret_cast<uintptr_t>(block), kLarge, 1,
                                           __builtin_frame_address(0));
                     }),
            1);
}
TEST_F(Memory, FreeOfALargeBlockStaysWrittenAroundWhatWasUsed) {
  const auto use_and_free = [] {
    writes(8 * kMiB)();
    writes(kLarge - 16)();
    frees(kLarge - 4)();
  };
  for (const size_t offset : {8 * kMiB, 8 * kMiB + 504, kLarge - 8}) {
    EXPECT_EQ(races_of(use_and_free, writes(offset)), 1) << offset;
    memory_allocated(reinterpret_cast<uintptr_t>(block), kLarge);
    EXPECT_EQ(races_of([] {}, writes(offset)), 0) << offset;
    memory_allocated(reinterpret_cast<uintptr_t>(block), kLarge);
  }
}
TEST_F(Memory, FreeOfALargeBlockEndsAtItsEnd) {
  const auto use_and_free = [] {
    writes(kMiB + 64)();
    frees(kMiB + 96)();
  };
  EXPECT_EQ(races_of(use_and_free, writes(kMiB + 96)), 0);
  memory_allocated(reinterpret_cast<uintptr_t>(block), kLarge);
  EXPECT_EQ(races_of(use_and_free, writes(kMiB + 88)), 1);
}

TEST_F(Memory, UntouchedBlocksCostNoMemory) {
  FakeFiber fiber;
  fiber.run(writes(0));
  const long before = resident_pages();
  fiber.run(frees(kLarge));
  memory_allocated(reinterpret_cast<uintptr_t>(block), kLarge);
  EXPECT_LT(resident_pages() - before, 1000);
}

TEST_F(Memory, RecordsAreFreedWithTheirMemory) {
  const uint64_t before = extended_cells();
  std::vector<std::unique_ptr<FakeFiber>> readers;
  for (int i = 0; i < 4; ++i) {
    readers.push_back(std::make_unique<FakeFiber>());
    readers.back()->run([] {
      for (size_t offset = 8; offset < kLarge; offset += 16 * kMiB) __fsan_read8(block + offset, 1);
    });
  }
  EXPECT_EQ(extended_cells(), before + kLarge / (16 * kMiB));
  clear_shadow(reinterpret_cast<uintptr_t>(block), kLarge);
  EXPECT_EQ(extended_cells(), before);
  FakeFiber writer;
  EXPECT_EQ(writer.run(writes(8)), 0);
}

TEST_F(Memory, ClearingStopsAtItsEnds) {
  for (const size_t size : {size_t{128}, 3 * kMiB}) {
    memory_allocated(reinterpret_cast<uintptr_t>(block), kLarge);
    FakeFiber a;
    FakeFiber b;
    a.run([&] {
      for (const size_t offset :
           {size_t{1024}, 1032 + size, size_t{1032}, 1024 + size, 1032 + size / 2})
        writes(offset)();
    });
    clear_shadow(reinterpret_cast<uintptr_t>(block) + 1032, size);
    EXPECT_EQ(b.run(writes(1024)), 1) << size;
    EXPECT_EQ(b.run(writes(1032 + size)), 1) << size;
    for (const size_t offset : {size_t{1032}, 1024 + size, 1032 + size / 2}) {
      EXPECT_EQ(b.run(writes(offset)), 0) << size << " at " << offset;
    }
  }
}

}  // namespace
}  // namespace fibersan
