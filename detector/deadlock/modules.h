// modules.h: where the global and thread-local variables of all modules are.
//
// Input:    the loader's list. Output: ranges of addresses.
// State:    from one look to the next.
// Threads:  one. read() before the world stops: the loader's lock may be held by who is stopped.
// Not here: what the program has mapped itself, see heap/program_mappings.h.
//
// Invariants
//   G1  The large tables of the detector's own, which remember addresses of the program's, are no
//       globals.
#ifndef FIBERSAN_DETECTOR_DEADLOCK_MODULES_H
#define FIBERSAN_DETECTOR_DEADLOCK_MODULES_H

#include <cstddef>
#include <cstdint>
#include <span>

#include "detector/heap/block_marks.h"

struct dl_phdr_info;

namespace fibersan {

class Modules {
 public:
  void read();
  [[nodiscard]] bool complete() const { return globals_ != nullptr && complete_; }
  [[nodiscard]] std::span<const AddressRange> globals() const { return {globals_, count_}; }
  // Bytes below each thread pointer that thread-local variables take: those of
  // modules that came with the program.
  [[nodiscard]] uintptr_t thread_locals() const { return thread_locals_; }

 private:
  static int add_module(dl_phdr_info* info, size_t size, void* modules);
  void add_without_ours(AddressRange range);
  void add(AddressRange range);
  void add_thread_locals(uintptr_t here);

  AddressRange* globals_ = nullptr;
  size_t count_ = 0;
  uintptr_t thread_locals_ = 0;
  bool complete_ = true;
};

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_DEADLOCK_MODULES_H
