// What an access costs behind the inline check: ninja bench_access && build/tests/unit/bench_access
//
// Nanoseconds per hook, the best of several passes over 1024 cells (16 KiB of shadow). Compare
// figures of one run only. `x1`: one thread executes accesses, so stamps are plain stores.
#include <chrono>
#include <cstdio>
#include <memory>

#include "detector/abi/hooks.h"
#include "detector/deadlock/lock_cycle.h"
#include "detector/history/history.h"
#include "detector/process/options.h"
#include "detector/race/blocks.h"
#include "detector/race/race_found.h"
#include "detector/race/thread.h"
#include "detector/shadow/layout.h"
#include "detector/shadow/shadow.h"

namespace fibersan {

static int races = 0;
void report_lock_cycles(LockCycle*) {}
void report_races(const CurrentAccess&, const Races& found) { races += found.size(); }
void report_misuse_at(fsan_finding_kind, const void*, const fsan_fiber&, StackId) {}
void fiber_blocks(const fsan_fiber&) {}
bool unlock_is_told_of() { return false; }
void report_slow(fsan_finding_kind, const void*, const fsan_fiber&, StackId, uint64_t) {}
Options options;

namespace {

constexpr size_t kCells = 1024;
constexpr int kPasses = 2000;
alignas(4096) char data[kCells * 8 + 4096];
int sync_word;
char stack[4096];

fsan_fiber* fibers[40];
void run_as(fsan_fiber* fiber) { __fsan_fiber_switched_in(fiber); }

void tick() {
  this_thread.fiber->clock.touched();
  __fsan_release(&sync_word);
}
void take_over() { __fsan_acquire(&sync_word); }
void nothing() {}

// Nanoseconds of `count` hooks, of the best pass.
template <typename Before, typename Body>
double best(size_t count, Before before, Body body) {
  double least = 1e9;
  for (int pass = 0; pass < kPasses; ++pass) {
    before();
    const auto start = std::chrono::steady_clock::now();
    body();
    const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - start;
    if (took.count() < least) least = took.count();
  }
  return least / static_cast<double>(count);
}
void print(const char* what, double ns) { std::printf("%-44s %7.2f ns\n", what, ns); }

template <auto hook>
void each_cell() {
  for (size_t i = 0; i < kCells; ++i) hook(data + i * 8, 1);
}
template <auto hook>
void each_pair() {
  for (size_t i = 0; i < kCells; i += 2) hook(data + i * 8, 1);
}
void each_unaligned() {
  for (size_t i = 0; i < kCells; i += 2) __fsan_write_range(data + i * 8 + 4, 8, 1);
}
void one_range() { __fsan_write_range(data, kCells * 8, 1); }
void one_read_range() { __fsan_read_range(data, kCells * 8, 1); }

// Cells of two ints, each read and written in epochs of its own: four stamps in a record.
template <auto first, auto second>
void each_half() {
  for (size_t i = 0; i < kCells; ++i) {
    first(data + i * 8, 1);
    second(data + i * 8 + 4, 1);
  }
}
void fields_in_turn() {
  tick();
  each_half<__fsan_read4, __fsan_read4>();
  tick();
  each_half<__fsan_write4, __fsan_read4>();
  tick();
  each_half<__fsan_read4, __fsan_write4>();
  tick();
}

// Readers that know nothing of each other stamped every cell.
void share(int readers) {
  clear_shadow(reinterpret_cast<uintptr_t>(data), kCells * 8);
  for (int i = 0; i < readers; ++i) {
    run_as(fibers[i + 2]);
    each_cell<__fsan_read8>();
  }
  run_as(fibers[0]);
}

void measure(const char* suffix) {
  char name[64];
  const auto show = [&](const char* what, double ns) {
    std::snprintf(name, sizeof name, "%s%s", what, suffix);
    print(name, ns);
  };
  run_as(fibers[0]);
  clear_shadow(reinterpret_cast<uintptr_t>(data), kCells * 8);
  show("write8, stamped, own old stamp", best(kCells, tick, each_cell<__fsan_write8>));
  show("read8, stamped, own old stamp", best(kCells, tick, each_cell<__fsan_read8>));
  show("write8, stamped, clean cell",
       best(
           kCells, [] { clear_shadow(reinterpret_cast<uintptr_t>(data), kCells * 8); },
           each_cell<__fsan_write8>));
  const auto change_hands = [] {
    tick();
    run_as(fibers[1]);
    take_over();
    each_cell<__fsan_write8>();
    tick();
    run_as(fibers[0]);
    take_over();
  };
  show("write8, stamped, another's, ordered", best(kCells, change_hands, each_cell<__fsan_write8>));
  show("read8, stamped, another's write, ordered",
       best(kCells, change_hands, each_cell<__fsan_read8>));
  show("write16, stamped", best(kCells / 2, tick, each_pair<__fsan_write16>));
  show("write of 8 over two cells, stamped", best(kCells / 2, tick, each_unaligned));
  show("write range, stamped, each KiB", best(kCells * 8 / 1024, tick, one_range));
  show("read range, stamped, each KiB", best(kCells * 8 / 1024, tick, one_read_range));
  each_cell<__fsan_write8>();
  show("write8, covered", best(kCells, nothing, each_cell<__fsan_write8>));
  show("write range, covered, each KiB", best(kCells * 8 / 1024, nothing, one_range));
  share(1);
  show("read8, shared with one reader", best(kCells, tick, each_cell<__fsan_read8>));
  share(3);
  show("read8, inflated, 3 other readers", best(kCells, tick, each_cell<__fsan_read8>));
  share(30);
  show("read8, inflated, 30 other readers", best(kCells, tick, each_cell<__fsan_read8>));
  clear_shadow(reinterpret_cast<uintptr_t>(data), kCells * 8);
  fields_in_turn();
  show("read4, fields of epochs of their own",
       best(kCells * 2, fields_in_turn, each_half<__fsan_read4, __fsan_read4>));
  show("write4, fields of epochs of their own",
       best(kCells * 2, fields_in_turn, each_half<__fsan_write4, __fsan_write4>));
  const auto write_fields = [] {
    fields_in_turn();
    each_half<__fsan_write4, __fsan_read4>();
    each_half<__fsan_read4, __fsan_write4>();
  };
  show("read4 and write4, covered by a record", best(kCells * 4, write_fields, [] {
         each_half<__fsan_read4, __fsan_read4>();
         each_half<__fsan_write4, __fsan_write4>();
       }));
  const auto share_again = [] {
    share(4);
    for (int i = 0; i < 4; ++i) {
      run_as(fibers[i + 2]);
      __fsan_merge(&sync_word);
    }
    run_as(fibers[0]);
    take_over();
  };
  show("write8, deflates 4 readers", best(kCells, share_again, each_cell<__fsan_write8>));
}

}  // namespace
}  // namespace fibersan

extern "C" void __fsan_misuse(enum fsan_finding_kind, const void*) {}

int main() {
  using namespace fibersan;
  const auto here = reinterpret_cast<uintptr_t>(__builtin_frame_address(0));
  reserve_shadow();
  start_history(1 << 16);
  start_main_thread({here - 65536, here + 65536});
  __fsan_processor_acquired(0);
  for (fsan_fiber*& fiber : fibers) {
    static uint64_t ids = 1;
    fiber = __fsan_fiber_created(ids++, nullptr, stack, stack + sizeof stack, stack + sizeof stack,
                                 nullptr);
  }
  __fsan_run_started(1, 1);
  measure(", x1");
  __fsan_run_started(2, 1);
  measure("");
  if (races != 0) std::printf("%d races reported, none expected\n", races);
  return races != 0;
}
