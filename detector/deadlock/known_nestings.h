// known_nestings.h: the nested locks that a fiber took lately: taken again they are nothing new.
//
// Cost:     128 bytes for each fiber that ever took a lock while it held one.
// Threads:  the fiber's.
//
// Invariants
//   K1  A nesting is known as long as the fiber has made no hard release since, behind which
//       others may be ordered, and no lock of any nesting has gone.
#ifndef FIBERSAN_DETECTOR_DEADLOCK_KNOWN_NESTINGS_H
#define FIBERSAN_DETECTOR_DEADLOCK_KNOWN_NESTINGS_H

#include <cstddef>
#include <cstdint>

namespace fibersan {

class KnownNestings {
 public:
  // `key` stands for the locks held and the one taken; `releases` and `generation` for K1.
  [[nodiscard]] bool contain(uint64_t key, uint32_t releases, uint32_t generation) const {
    const Entry& entry = entries_[key % kEntries];
    return entry.key == key && entry.releases == releases && entry.generation == generation;
  }
  void add(uint64_t key, uint32_t releases, uint32_t generation) {
    entries_[key % kEntries] = {key, releases, generation};
  }

 private:
  static constexpr size_t kEntries = 8;
  struct Entry {
    uint64_t key = 0;
    uint32_t releases = 0;
    uint32_t generation = 0;
  };
  Entry entries_[kEntries];
};

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_DEADLOCK_KNOWN_NESTINGS_H
