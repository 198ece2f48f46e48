// What a search costs while the world stands still: milliseconds of CPU by shape of the heap, one
// fiber dead so that all of it is read, and by the number of blocked fibers.
//
//   ninja bench_marking && tests/unit/bench_marking [MiB of heap] [fibers]
#include <sys/mman.h>
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <random>
#include <vector>

#include "detector/deadlock/marking.h"
#include "detector/fiber.h"
#include "detector/history/mapping.h"

namespace fibersan {
namespace {

using Word = uintptr_t;

struct Heap {
  explicit Heap(size_t bytes) : table(std::make_unique<BlockTable>()), size(bytes) {
    memory = static_cast<char*>(map_memory(bytes, "a heap"));
  }
  ~Heap() { unmap_memory(memory, size); }
  Word* block(size_t bytes) {
    Word* const made = reinterpret_cast<Word*>(memory + used);
    used += (bytes + 8 + 15) & ~size_t{15};
    if (used > size) std::abort();
    table->add(reinterpret_cast<uintptr_t>(made), bytes, 0, 0);
    return made;
  }
  std::unique_ptr<BlockTable> table;
  char* memory;
  size_t size;
  size_t used = 0;
};

struct Fibers {
  explicit Fibers(size_t count) : infos(count), detectors(std::make_unique<fsan_fiber[]>(count)) {
    constexpr size_t kStack = size_t{256} << 10;
    stacks = static_cast<char*>(mmap(nullptr, (count + 1) * kStack, PROT_READ | PROT_WRITE,
                                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
    for (size_t i = 0; i < count; ++i) {
      char* const high = stacks + (i + 1) * kStack;
      infos[i].id = i + 1;
      detectors[i].info = &infos[i];
      char* const low = high - 1500;  // as of a fiber that waits in a function of its own
      std::fill(low, high, 0);
      worlds.push_back({.fiber = &detectors[i],
                        .id = i + 1,
                        .activity = FSAN_ACTIVITY_BLOCKED,
                        .wait = 1,
                        .stack_pointer = reinterpret_cast<char*>(reinterpret_cast<uintptr_t>(low) &
                                                                 ~uintptr_t{15}),
                        .user_low = low + 600,
                        .user_high = high - 400,
                        .stack_high = high,
                        .belongings = {},
                        .caught_exceptions = nullptr});
    }
  }
  void receives(size_t i, const void* channel) {
    Waiting& waiting = detectors[i].waiting;
    waiting.begins();
    waiting.reason = FSAN_WAIT_CHAN_RECEIVE;
    waiting.count = 1;
    waiting.only = channel;
  }
  std::vector<FiberInfo> infos;
  std::unique_ptr<fsan_fiber[]> detectors;
  std::vector<fsan_world_fiber> worlds;
  char* stacks;
};

// Of this thread: other programs do not count.
double cpu_ms() {
  timespec now = {};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

void measure(const char* what, Heap& heap, Fibers& fibers, Word root, size_t dead) {
  const AddressRange globals = {address_of(&root), address_of(&root + 1)};
  const fsan_world world = {.fibers = fibers.worlds.data(),
                            .fiber_count = fibers.worlds.size(),
                            .threads = nullptr,
                            .thread_count = 0,
                            .roots = nullptr,
                            .root_count = 0,
                            .run_is_over = 0,
                            .leak_scope = nullptr,
                            .leaks = nullptr,
                            .leak_count = 0};
  const Surroundings surroundings = {
      .globals = {&globals, 1}, .mapped = {}, .thread_locals = 0, .main_stack = {}};
  double best = 1e9;
  uint64_t bytes = 0;
  for (int i = 0; i < 3; ++i) {
    const double begin = cpu_ms();
    {
      Scratch scratch;
      Marking marking(world, surroundings, *heap.table, scratch);
      marking.run();
      if (!marking.complete() || marking.dead() != dead)
        std::printf("WRONG: %zu\n", marking.dead());
      bytes = marking.bytes_read();
    }
    best = std::min(best, cpu_ms() - begin);
  }
  std::printf("%-52s %8.1f ms  %8.1f MiB read\n", what, best,
              static_cast<double>(bytes) / (1 << 20));
}

void large_blocks(size_t bytes) {
  Heap heap(bytes + (bytes >> 4));
  Fibers fibers(1);
  auto* const top = heap.block(bytes / (1 << 20) * 8);
  for (size_t i = 0; i < bytes >> 20; ++i) {
    Word* const block = heap.block((1 << 20) - 64);
    for (size_t j = 0; j < ((1 << 20) - 64) / 8; ++j) block[j] = j;
    top[i] = address_of(block);
  }
  fibers.receives(0, heap.block(64));
  measure("blocks of 1 MiB of numbers", heap, fibers, address_of(top), 1);
}

void nodes(size_t bytes, size_t size, const char* what) {
  Heap heap(bytes + (bytes >> 2) + (1 << 20));
  Fibers fibers(1);
  std::mt19937_64 random(1);
  std::vector<Word*> all;
  for (size_t i = 0; i < bytes / (size + 8); ++i) all.push_back(heap.block(size));
  for (size_t i = 0; i < all.size(); ++i) {  // a list in a random order, and another pointer
    all[i][1] = address_of(all[random() % all.size()]);
    all[i][0] = i + 1 < all.size() ? address_of(all[i + 1]) : 0;
  }
  std::shuffle(all.begin(), all.end(), random);
  fibers.receives(0, heap.block(64));
  Word* const first = all[0];
  auto* const top = heap.block(all.size() * 8);
  std::copy_n(reinterpret_cast<Word*>(all.data()), all.size(), top);
  static_cast<void>(first);
  measure(what, heap, fibers, address_of(top), 1);
}

void blocked(size_t count) {
  Heap heap(count * 400 + (1 << 20));
  Fibers fibers(count);
  auto* const top = heap.block(count * 8);
  for (size_t i = 0; i < count; ++i) {
    Word* const channel = heap.block(200);
    fibers.receives(i, channel);
    top[i] = address_of(channel);
  }
  measure("fibers, all reached through one table", heap, fibers, address_of(top), 0);
  top[count / 2] = 0;
  measure("the same, one dead", heap, fibers, address_of(top), 1);
  measure("the same, all dead", heap, fibers, 0, count);
}

}  // namespace
}  // namespace fibersan

int main(int argc, char** argv) {
  const size_t bytes = (argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1024) << 20;
  const size_t fibers = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 100'000;
  std::printf("%zu MiB, %zu fibers\n", bytes >> 20, fibers);
  fibersan::large_blocks(bytes);
  fibersan::nodes(bytes, 56, "nodes of 56 bytes, two pointers each, random");
  fibersan::nodes(bytes, 1016, "nodes of 1016 bytes");
  fibersan::blocked(fibers);
}
