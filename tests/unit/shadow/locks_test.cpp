// Which critical sections of a Mutex or an RwMutex are ordered.
#include "tests/unit/shadow/fake_fiber.h"

namespace fibersan {
namespace {

class Locks : public HooksTest {
 protected:
  enum Use { kReads, kWrites };

  static auto section(fsan_lock_mode mode, Use use) {
    return [=] {
      __fsan_lock_acquired(sync, mode);
      use == kReads ? __fsan_read4(data, 1) : __fsan_write4(data, 1);
      __fsan_lock_released(sync, mode);
    };
  }
};

TEST_F(Locks, WriterThenWriter) {
  EXPECT_EQ(races_of(section(FSAN_LOCK_WRITE, kWrites), section(FSAN_LOCK_WRITE, kWrites)), 0);
}
TEST_F(Locks, WriterThenReader) {
  EXPECT_EQ(races_of(section(FSAN_LOCK_WRITE, kWrites), section(FSAN_LOCK_READ, kReads)), 0);
}
TEST_F(Locks, ReaderThenWriter) {
  EXPECT_EQ(races_of(section(FSAN_LOCK_READ, kReads), section(FSAN_LOCK_WRITE, kWrites)), 0);
}
TEST_F(Locks, TryLocksAreLocks) {
  EXPECT_EQ(races_of(section(FSAN_LOCK_TRY_WRITE, kWrites), section(FSAN_LOCK_TRY_READ, kReads)),
            0);
}
TEST_F(Locks, WritesOfReadersAreNotOrdered) {
  EXPECT_EQ(races_of(section(FSAN_LOCK_READ, kWrites), section(FSAN_LOCK_READ, kWrites)), 1);
}
TEST_F(Locks, ReadersAreNotOrdered) {
  EXPECT_EQ(races_of(section(FSAN_LOCK_READ, kReads), section(FSAN_LOCK_READ, kWrites)), 1);
}

TEST_F(Locks, WriterIsOrderedAfterEveryReader) {
  FakeFiber readers[3];
  FakeFiber writer;
  for (FakeFiber& reader : readers) {
    EXPECT_EQ(reader.run(section(FSAN_LOCK_READ, kReads)), 0);
  }
  EXPECT_EQ(writer.run(section(FSAN_LOCK_WRITE, kWrites)), 0);
}

// What readers released reaches the next reader through the writer between them.
TEST_F(Locks, ReadersBeforeAndAfterAWriter) {
  FakeFiber early;
  FakeFiber writer;
  EXPECT_EQ(early.run(section(FSAN_LOCK_READ, kWrites)), 0);
  EXPECT_EQ(writer.run(section(FSAN_LOCK_WRITE, kReads)), 0);
  FakeFiber late;
  EXPECT_EQ(late.run(section(FSAN_LOCK_READ, kWrites)), 0);
}

// A finding of the runtime's; the order that earlier critical sections made is not lost by it.
TEST_F(Locks, UnlockByAFiberThatNeverLocked) {
  FakeFiber first;
  FakeFiber owner;
  FakeFiber other;
  FakeFiber last;
  EXPECT_EQ(first.run(section(FSAN_LOCK_WRITE, kWrites)), 0);
  owner.run([] { __fsan_lock_acquired(sync, FSAN_LOCK_WRITE); });
  other.run([] {
    __fsan_write4(data + 8, 1);
    __fsan_lock_released(sync, FSAN_LOCK_WRITE);
  });
  EXPECT_EQ(last.run([] {
    __fsan_lock_acquired(sync, FSAN_LOCK_WRITE);
    __fsan_write4(data, 1);
    __fsan_write4(data + 8, 1);
    __fsan_lock_released(sync, FSAN_LOCK_WRITE);
  }),
            0);
}

TEST_F(Locks, EndOfAFiberThatHoldsOne) {
  FakeFiber fiber;
  fiber.run([] { __fsan_lock_acquired(sync, FSAN_LOCK_WRITE); });
  fiber.end();
  EXPECT_EQ(recorded.misuses, 1);
}

TEST_F(Locks, ReleaseReplacesAndMergeAdds) {
  for (const bool merge : {false, true}) {
    memory_allocated(reinterpret_cast<uintptr_t>(data), kBytes);
    FakeFiber fibers[2];
    for (FakeFiber& fiber : fibers) {
      fiber.run([&] {
        __fsan_write4(data + 8 * (&fiber - fibers), 1);
        merge ? __fsan_merge(sync) : __fsan_release(sync);
      });
    }
    FakeFiber reader;
    EXPECT_EQ(reader.run([] {
      __fsan_acquire(sync);
      __fsan_read4(data, 1);
      __fsan_read4(data + 8, 1);
    }),
              merge ? 0 : 1);
    __fsan_memory_forgotten(sync, sizeof sync);
  }
}

}  // namespace
}  // namespace fibersan
