// module_memory.h: the memory of modules that come and go, whose past is another's.
//
// Input:    an address in a module that begins; the end of one, between dlclose() and
//           __cxa_finalize(), which are interposed.
// Output:   what the shadow knew of the place is forgotten: before, the C library may have
//           unmapped something there unseen; afterwards, anything may be mapped there.
// Threads:  any.
// Not here: dlopen(), whose search paths depend on who calls it. Of a module that is not
//           instrumented nobody says that it has come. One that was linked without the C
//           library's start files does not say that it goes.
//
// Invariants
//   M1  A module is forgotten while it is still there: who maps something in its place keeps all
//       that the detector knows of it.
#ifndef FIBERSAN_DETECTOR_HEAP_MODULE_MEMORY_H
#define FIBERSAN_DETECTOR_HEAP_MODULE_MEMORY_H

#include <cstdint>

namespace fibersan {

// From a constructor of the module: nobody has used its memory yet.
void module_is_fresh(uintptr_t address);

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_HEAP_MODULE_MEMORY_H
