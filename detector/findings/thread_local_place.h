// thread_local_place.h: whose thread_local memory an address is part of, and where in it.
//
// Input:    an address. Output: the module, the offset in its TLS segment, the thread.
// Threads:  the holder of the FindingScope.
// Not here: names of variables, see symbolize/elf_symbols.h.
//
// Invariants
//   L1  Of other threads only what the C library keeps beside their stacks is known: the segments
//       of modules that were there when the program began. Those of modules that dlopen brought
//       are heap blocks.
#ifndef FIBERSAN_DETECTOR_FINDINGS_THREAD_LOCAL_PLACE_H
#define FIBERSAN_DETECTOR_FINDINGS_THREAD_LOCAL_PLACE_H

#include <cstdint>
#include <optional>
#include <string>

namespace fibersan {

struct ThreadLocalPlace {
  std::string module_path;
  uint64_t offset = 0;
  uintptr_t thread_pointer = 0;  // the thread's, which is its pthread_t
};

std::optional<ThreadLocalPlace> find_thread_local_place(uintptr_t address);

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_FINDINGS_THREAD_LOCAL_PLACE_H
