// memory_reader.h: the words of memory that may be unreadable, or gone by now.
//
// Input:    a range of addresses. Output: its words, those of pages that can be read.
// Cost:     a system call and a copy for each 64 KiB; of large memory only what was ever touched
//           is read.
// Threads:  one.
//
// Invariants
//   D1  A page that the program has made unreadable, or unmapped, is no fault: nobody can read a
//       pointer there either.
//   D2  When the system refuses to read at all, failed() says so.
#ifndef FIBERSAN_DETECTOR_DEADLOCK_MEMORY_READER_H
#define FIBERSAN_DETECTOR_DEADLOCK_MEMORY_READER_H

#include <cstddef>
#include <cstdint>

#include "detector/heap/block_marks.h"

namespace fibersan {

class MemoryReader {
 public:
  using Visit = void (*)(const uintptr_t* words, size_t count, void* data);

  // Words at multiples of 8 in the range.
  void read(AddressRange range, Visit visit, void* data);

  // Of large memory the parts that were ever touched, in pieces that are not large.
  static constexpr size_t kLarge = size_t{1} << 20;
  static void find_touched(AddressRange range, void (*visit)(AddressRange piece, void* data),
                           void* data);

  [[nodiscard]] bool failed() const { return failed_; }

 private:
  static constexpr size_t kChunk = size_t{64} << 10;

  void copy(uintptr_t low, uintptr_t high, Visit visit, void* data);

  bool failed_ = false;
  alignas(16) uintptr_t buffer_[kChunk / sizeof(uintptr_t)];
};

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_DEADLOCK_MEMORY_READER_H
