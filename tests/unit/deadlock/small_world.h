// small_world.h: a world made by hand: fibers with stacks, heap blocks and globals in memory of
// the test's own, and the search on it.
#ifndef FIBERSAN_TESTS_UNIT_DEADLOCK_SMALL_WORLD_H
#define FIBERSAN_TESTS_UNIT_DEADLOCK_SMALL_WORLD_H

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <vector>

#include "detector/deadlock/marking.h"
#include "detector/fiber.h"
#include "detector/history/mapping.h"

namespace fibersan {

// Of 64 words each: the wait, the program's frames, the record.
constexpr size_t kPartWords = 64;

class SmallWorld {
 public:
  using Word = uintptr_t;

  SmallWorld() : table_(std::make_unique<BlockTable>()), globals_(kPartWords) {
    heap_ = static_cast<Word*>(map_memory(kHeapBytes, "a test"));
  }
  ~SmallWorld() { unmap_memory(heap_, kHeapBytes); }
  SmallWorld(const SmallWorld&) = delete;
  SmallWorld& operator=(const SmallWorld&) = delete;

  // A block of so many bytes. At least 32 apart, as the C library's are.
  Word* block(size_t bytes = 64) {
    Word* const at = heap_ + used_ / sizeof(Word);
    used_ += (bytes + 16 + 31) & ~size_t{31};
    EXPECT_LE(used_, kHeapBytes);
    table_->add(reinterpret_cast<uintptr_t>(at), bytes, 0, 0);
    return at;
  }
  void free(Word* block) {
    table_->remove(*table_->begins_at(reinterpret_cast<uintptr_t>(block)), {});
  }

  struct Fiber {
    fsan_fiber detector;
    FiberInfo info;
    std::unique_ptr<Word[]> stack = std::make_unique<Word[]>(3 * kPartWords);
    std::vector<const void*> objects;
    fsan_world_fiber world = {};

    Word* wait() { return stack.get(); }
    Word* frames() { return stack.get() + kPartWords; }
    Word* record() { return stack.get() + 2 * kPartWords; }
  };

  Fiber& fiber(fsan_activity activity) {
    Fiber& fiber = fibers_.emplace_back();
    fiber.info.id = fibers_.size();
    fiber.detector.info = &fiber.info;
    fiber.world = {.fiber = &fiber.detector,
                   .id = fiber.info.id,
                   .activity = activity,
                   .wait = 1,
                   .waits_briefly = 0,
                   .stack_pointer = fiber.wait(),
                   .user_low = fiber.frames(),
                   .user_high = fiber.record(),
                   .stack_high = fiber.record() + kPartWords,
                   .belongings = {},
                   .caught_exceptions = nullptr};
    fiber.detector.stack = {address_of(fiber.wait()), address_of(fiber.world.stack_high)};
    return fiber;
  }
  Fiber& live() { return fiber(FSAN_ACTIVITY_LIVE); }
  Fiber& blocked(fsan_wait_reason reason, std::vector<const void*> objects) {
    Fiber& made = fiber(FSAN_ACTIVITY_BLOCKED);
    waits(made, reason, std::move(objects));
    return made;
  }
  static void waits(Fiber& made, fsan_wait_reason reason, std::vector<const void*> objects) {
    made.objects = std::move(objects);
    Waiting& waiting = made.detector.waiting;
    waiting.begins();
    waiting.reason = reason;
    waiting.count = made.objects.size();
    waiting.only = waiting.count == 1 ? made.objects[0] : nullptr;
    waiting.several = made.objects.data();
    // As the runtime keeps them there.
    for (size_t i = 0; i < made.objects.size() && i < kPartWords; ++i)
      made.wait()[i] = address_of(made.objects[i]);
  }
  Fiber& receives(const void* channel) { return blocked(FSAN_WAIT_CHAN_RECEIVE, {channel}); }
  static void holds(Fiber& fiber, const void* lock, bool write = true) {
    fiber.detector.held_locks.add({lock, 0, write});
  }

  Word* globals() { return globals_.data(); }
  void root(const void* low, const void* high) { roots_.push_back({low, high}); }
  fsan_world_thread& thread() { return threads_.emplace_back(); }
  std::vector<AddressRange> mapped;

  // Of the fibers, in order of creation.
  std::vector<bool> dead() {
    std::vector<fsan_world_fiber> fibers;
    for (const Fiber& fiber : fibers_) fibers.push_back(fiber.world);
    const std::vector<fsan_world_thread> threads(threads_.begin(), threads_.end());
    const fsan_world world = {.fibers = fibers.data(),
                              .fiber_count = fibers.size(),
                              .threads = threads.data(),
                              .thread_count = threads.size(),
                              .roots = roots_.data(),
                              .root_count = roots_.size(),
                              .run_is_over = 0,
                              .leak_scope = nullptr,
                              .leaks = nullptr,
                              .leak_count = 0};
    const AddressRange globals = {address_of(globals_.data()),
                                  address_of(globals_.data() + globals_.size())};
    const Surroundings surroundings = {
        .globals = {&globals, 1}, .mapped = mapped, .thread_locals = 0, .main_stack = {}};
    Scratch scratch;
    Marking marking(world, surroundings, *table_, scratch);
    marking.run();
    EXPECT_TRUE(marking.complete());
    std::vector<bool> result;
    size_t count = 0;
    for (uint32_t i = 0; i < world.fiber_count; ++i) {
      result.push_back(marking.is_dead(i));
      count += marking.is_dead(i) ? 1 : 0;
    }
    EXPECT_GE(count, marking.dead());
    unnamed_ = marking.dead();
    bytes_read_ = marking.bytes_read();
    return result;
  }
  // Of the last call of dead().
  size_t unnamed() const { return unnamed_; }
  uint64_t bytes_read() const { return bytes_read_; }
  bool is_dead(const Fiber& fiber) { return dead()[fiber.info.id - 1]; }

 private:
  static constexpr size_t kHeapBytes = size_t{8} << 20;

  std::unique_ptr<BlockTable> table_;
  Word* heap_;
  size_t used_ = 64;
  size_t unnamed_ = 0;
  uint64_t bytes_read_ = 0;
  std::vector<Word> globals_;
  std::deque<Fiber> fibers_;
  std::deque<fsan_world_thread> threads_;
  std::vector<fsan_range> roots_;
};

}  // namespace fibersan

#endif  // FIBERSAN_TESTS_UNIT_DEADLOCK_SMALL_WORLD_H
