// detector.h: how a file of the detector is compiled over the model's memory.
//
// The file is included behind this header, by the name it has in the tree. mutants.py puts a
// prepared copy of the tree's file in front: sizes are small in it, and plain variables that
// the file leaves to the order of its atomics are tracked. Each model is a program of its own.
#ifndef FIBERSAN_TESTS_MODEL_MEMORY_DETECTOR_DETECTOR_H
#define FIBERSAN_TESTS_MODEL_MEMORY_DETECTOR_DETECTOR_H

#include <sched.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <map>
#include <new>
#include <optional>
#include <span>
#include <vector>

#include "tests/model/memory/atomic.h"

namespace model {

inline constexpr std::memory_order order_of(int builtin) {
  switch (builtin) {
    case __ATOMIC_RELAXED:
      return std::memory_order_relaxed;
    case __ATOMIC_ACQUIRE:
      return std::memory_order_acquire;
    case __ATOMIC_RELEASE:
      return std::memory_order_release;
    case __ATOMIC_ACQ_REL:
      return std::memory_order_acq_rel;
    default:
      return std::memory_order_seq_cst;
  }
}

// The object behind a plain word that the code uses with the compiler's atomic operations.
inline Atomic<uint64_t>& word_at(const volatile void* address) {
  static std::map<const volatile void*, Atomic<uint64_t>> words;
  return words[address];
}
inline uint64_t load_word(const uint64_t* at, int order) {
  return word_at(at).load(order_of(order));
}
inline void store_word(uint64_t* at, uint64_t value, int order) {
  word_at(at).store(value, order_of(order));
}
inline uint64_t exchange_word(uint64_t* at, uint64_t value, int order) {
  return word_at(at).exchange(value, order_of(order));
}
inline bool compare_exchange_word(uint64_t* at, uint64_t* expected, uint64_t desired, int success,
                                  int failure) {
  return word_at(at).compare_exchange_strong(*expected, desired, order_of(success),
                                             order_of(failure));
}

// Zeroed memory that lives as long as the execution.
inline void* zeroed_memory(size_t bytes) {
  static std::vector<void*> blocks;
  static uint64_t execution = 0;
  if (execution != Machine::current->execution()) {
    for (void* block : blocks) std::free(block);
    blocks.clear();
    execution = Machine::current->execution();
  }
  return blocks.emplace_back(std::calloc(1, bytes));
}

// 0: nothing broke.
inline int explore(const char* name, Bounds bounds, const Scenario& scenario) {
  bounds.sequential_fences = false;
  Machine machine(bounds);
  const Outcome outcome = machine.explore(scenario);
  std::printf("%s: %llu executions, %llu cut; %s\n", name,
              static_cast<unsigned long long>(outcome.executions),
              static_cast<unsigned long long>(outcome.cut),
              outcome.failure.empty() ? "holds" : outcome.failure.c_str());
  return outcome.failure.empty() ? 0 : 1;
}

inline void expect(bool holds, const char* what) {
  if (!holds) Machine::current->fail(what);
}

}  // namespace model

#define atomic modelled_atomic
#define atomic_thread_fence modelled_thread_fence
#define __atomic_load_n(at, order) ::model::load_word(at, order)
#define __atomic_store_n(at, value, order) ::model::store_word(at, value, order)
#define __atomic_exchange_n(at, value, order) ::model::exchange_word(at, value, order)
#define __atomic_compare_exchange_n(at, expected, desired, weak, success, failure) \
  ::model::compare_exchange_word(at, expected, desired, success, failure)
#define __builtin_ia32_pause() ::model::Machine::current->pause()
#define sched_yield() ::model::Machine::current->pause()

#endif  // FIBERSAN_TESTS_MODEL_MEMORY_DETECTOR_DETECTOR_H
