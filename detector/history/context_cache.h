// context_cache.h: (calling context, pc) -> what was made of it, for those seen lately.
//
// State:    up to 2^18 entries of 16 bytes, four to a cache line; doubled while it is in
//           demand. It may forget at any time: the stack is then walked again.
// Cost:     find() a hash and one cache line.
// Threads:  any. No locks but for growing.
//
// Invariants
//   H1  An entry is {key ^ value, value}: two stores that were mixed up by two writers
//       match no key.
#ifndef FIBERSAN_DETECTOR_HISTORY_CONTEXT_CACHE_H
#define FIBERSAN_DETECTOR_HISTORY_CONTEXT_CACHE_H

#include <atomic>
#include <bit>
#include <cstdint>

#include "detector/clock/spin_lock.h"

namespace fibersan {

class ContextCache {
 public:
  constexpr ContextCache() = default;

  // Contexts are well mixed in all bits but for the first functions of fibers, which have 0.
  static uint64_t key_of(uint64_t context, uintptr_t pc) { return context ^ std::rotl(pc, 32); }

  // The value of that key whose upper half is `tag`; 0: not here.
  uint64_t find(uint64_t key, uint64_t tag) const {
    // acquire [K2]: the line count comes with it. Pairs with the release [K1].
    const Lines* lines = lines_.load(std::memory_order_acquire);
    if (__builtin_expect(lines == nullptr, 0)) return 0;
    for (const Entry& entry : lines->of(key).entries) {
      // relaxed: whatever is read is a value for this key, or does not match (H1).
      const uint64_t value = entry.value.load(std::memory_order_relaxed);
      if ((entry.key_and_value.load(std::memory_order_relaxed) ^ value) == key &&
          value >> 32 == tag)
        return value;
    }
    return 0;
  }

  // May displace another value.
  void put(uint64_t key, uint64_t value);

 private:
  struct Entry {
    std::atomic<uint64_t> key_and_value;
    std::atomic<uint64_t> value;
  };
  struct alignas(64) Line {
    Entry entries[4];
  };
  struct Lines {
    unsigned shift;
    Line line[1];  // 2^(64-shift) of them

    const Line& of(uint64_t key) const { return line[key * 0x9e3779b97f4a7c15u >> shift]; }
    Line& of(uint64_t key) { return line[key * 0x9e3779b97f4a7c15u >> shift]; }
    uint64_t count() const { return uint64_t{1} << (64 - shift); }
  };

  void grow() FIBERSAN_REQUIRES(lock_);

  std::atomic<Lines*> lines_{nullptr};
  std::atomic<uint64_t> puts_{0};
  SpinLock lock_;  // rank 33: nothing is called under it
};

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_HISTORY_CONTEXT_CACHE_H
