// pointers.h: the words of memory that may be pointers to where it matters.
//
// Input:    words, two ranges of addresses. Output: those that point into one of them, without
//           their lowest 3 and highest 16 bits.
// Cost:     four words at a time where the processor can.
#ifndef FIBERSAN_DETECTOR_DEADLOCK_POINTERS_H
#define FIBERSAN_DETECTOR_DEADLOCK_POINTERS_H

#include <cstddef>
#include <cstdint>

#include "detector/heap/block_marks.h"

namespace fibersan {

inline constexpr uintptr_t kPointerBits = 0x0000'ffff'ffff'fff8;

// At most so many words at a time.
inline constexpr size_t kPointerWords = 64;

// Which of up to 64 words point into one of two ranges: a bit for each.
uint64_t find_pointers(const uintptr_t* words, size_t count, const AddressRange (&places)[2]);

template <typename Visit>
void for_each_pointer(const uintptr_t* words, size_t count, const AddressRange (&places)[2],
                      Visit visit) {
  for (; count != 0;) {
    const size_t some = count < kPointerWords ? count : kPointerWords;
    for (uint64_t found = find_pointers(words, some, places); found != 0; found &= found - 1)
      visit(words[__builtin_ctzll(found)] & kPointerBits);
    words += some;
    count -= some;
  }
}

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_DEADLOCK_POINTERS_H
