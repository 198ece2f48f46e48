// Each way to publish with each way to observe: a race where the standard says that nothing is
// ordered, silent where it is. One report for each pair that is not: none is lost, none invented.
// The rules are [atomics.order] 2, [atomics.fences] 2-4 and [intro.races] 5 of C++20; the same
// with more combinations, without a compiler: tests/unit/edges/atomic_orders_test.cpp.
//
// RUN: %fibersan -O1 %s -o %t && env FIBERSAN_OPTIONS=symbolize=0 %exits 66 %run %t unordered 2>&1 | FileCheck %s --check-prefix=RACES
// RUN: %run %t ordered 2>&1 | FileCheck %s --check-prefix=SILENT --implicit-check-not=WARNING
// RACES: FiberSan: reported 168 warnings; precision: exact
// SILENT: 72 pairs
#include <fiber/fiber.h>

#include <array>
#include <atomic>
#include <cstdio>
#include <cstring>
#include <utility>

namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;
constexpr auto kConsume = std::memory_order_consume;
constexpr auto kAcquire = std::memory_order_acquire;
constexpr auto kRelease = std::memory_order_release;
constexpr auto kAcqRel = std::memory_order_acq_rel;
constexpr auto kSeqCst = std::memory_order_seq_cst;

using Flag = std::atomic<int>;

struct Publish {
  bool releases;
  void (*perform)(Flag&);
};
constexpr Publish kPublish[] = {
    {false, [](Flag& flag) { flag.store(1, kRelaxed); }},
    {true, [](Flag& flag) { flag.store(1, kRelease); }},
    {true, [](Flag& flag) { flag.store(1, kSeqCst); }},
    {false, [](Flag& flag) { flag.fetch_add(1, kRelaxed); }},
    {false, [](Flag& flag) { flag.fetch_add(1, kAcquire); }},
    {true, [](Flag& flag) { flag.exchange(1, kRelease); }},
    {true, [](Flag& flag) { flag.fetch_or(1, kAcqRel); }},
    {true,
     [](Flag& flag) {
       std::atomic_thread_fence(kRelease);
       flag.store(1, kRelaxed);
     }},
    {true,
     [](Flag& flag) {
       std::atomic_thread_fence(kSeqCst);
       flag.fetch_add(1, kRelaxed);
     }},
    {false,
     [](Flag& flag) {
       std::atomic_thread_fence(kAcquire);
       flag.store(1, kRelaxed);
     }},
    // For the machine's other threads it is nothing.
    {false,
     [](Flag& flag) {
       std::atomic_signal_fence(kSeqCst);
       flag.store(1, kRelaxed);
     }},
    {false,
     [](Flag& flag) {
       flag.store(1, kRelaxed);
       std::atomic_thread_fence(kRelease);
     }},
    // Since C++20 a plain store ends a release sequence, by the same thread too.
    {false,
     [](Flag& flag) {
       flag.store(1, kRelease);
       flag.store(1, kRelaxed);
     }},
    {true,
     [](Flag& flag) {
       flag.store(1, kRelease);
       flag.fetch_add(1, kRelaxed);
     }},
    {false,
     [](Flag& flag) {
       int wrong = 99;  // fails: a load
       flag.compare_exchange_strong(wrong, 2, kSeqCst, kRelaxed);
       flag.store(1, kRelaxed);
     }},
    {true,
     [](Flag& flag) {
       int zero = 0;
       flag.compare_exchange_strong(zero, 1, kRelease, kRelaxed);
     }},
};

struct Observe {
  bool acquires;
  void (*perform)(Flag&);
};
void fail(Flag& flag, std::memory_order success, std::memory_order failure) {
  int wrong = 99;
  flag.compare_exchange_strong(wrong, 2, success, failure);
}
constexpr Observe kObserve[] = {
    {false, [](Flag& flag) { flag.load(kRelaxed); }},
    {true, [](Flag& flag) { flag.load(kConsume); }},
    {true, [](Flag& flag) { flag.load(kAcquire); }},
    {true, [](Flag& flag) { flag.load(kSeqCst); }},
    {false, [](Flag& flag) { flag.fetch_add(1, kRelaxed); }},
    {true, [](Flag& flag) { flag.fetch_sub(1, kAcquire); }},
    {false, [](Flag& flag) { flag.exchange(3, kRelease); }},
    {true, [](Flag& flag) { flag.exchange(3, kAcqRel); }},
    {false, [](Flag& flag) { fail(flag, kSeqCst, kRelaxed); }},
    {true, [](Flag& flag) { fail(flag, kRelaxed, kAcquire); }},
    {true,
     [](Flag& flag) {
       int seen = flag.load(kRelaxed);
       while (!flag.compare_exchange_weak(seen, 5, kAcquire, kRelaxed)) {
       }
     }},
    {true,
     [](Flag& flag) {
       flag.load(kRelaxed);
       std::atomic_thread_fence(kAcquire);
     }},
    {true,
     [](Flag& flag) {
       fail(flag, kRelaxed, kRelaxed);
       std::atomic_thread_fence(kSeqCst);
     }},
    {false,
     [](Flag& flag) {
       std::atomic_thread_fence(kAcquire);
       flag.load(kRelaxed);
     }},
    {false,
     [](Flag& flag) {
       flag.load(kRelaxed);
       std::atomic_signal_fence(kAcquire);
     }},
};

constexpr size_t kPairs = std::size(kPublish) * std::size(kObserve);
int values[kPairs];
Flag flags[kPairs];

// Time, and no order: a Turn's relaxed operations would be ordered by the fences beside them.
volatile bool published[kPairs];
FIBERSAN_IGNORE void set_published(size_t pair) { published[pair] = true; }
FIBERSAN_IGNORE bool is_published(size_t pair) { return published[pair]; }

// Each pair reads at a place of its own in the code, so that reports are not one.
template <size_t kPair>
[[gnu::noinline]] int read() {
  return values[kPair] + static_cast<int>(kPair);
}

template <size_t... kPair>
constexpr std::array<int (*)(), sizeof...(kPair)> readers(std::index_sequence<kPair...>) {
  return {read<kPair>...};
}

void run_pair(size_t pair) {
  const Publish& publish = kPublish[pair % std::size(kPublish)];
  const Observe& observe = kObserve[pair / std::size(kPublish)];
  auto writer = fiber::spawn([&, pair] {
    values[pair] = 1;
    publish.perform(flags[pair]);
    set_published(pair);
  });
  auto reader = fiber::spawn([&, pair] {
    while (!is_published(pair)) fiber::yield();
    observe.perform(flags[pair]);
    static constexpr auto kReaders = readers(std::make_index_sequence<kPairs>());
    return kReaders[pair]();
  });
  reader.join();
  writer.join();
}

}  // namespace

int main(int, char** arguments) {
  const bool wanted = std::strcmp(arguments[1], "ordered") == 0;
  return fiber::run([&] {
    int pairs = 0;
    for (size_t pair = 0; pair < kPairs; ++pair) {
      const bool ordered = kPublish[pair % std::size(kPublish)].releases &&
                           kObserve[pair / std::size(kPublish)].acquires;
      if (ordered != wanted) continue;
      run_pair(pair);
      ++pairs;
    }
    std::printf("%d pairs\n", pairs);
  });
}
