// allocate.h: what malloc, operator new and their like do around the C library's own.
//
// Input:    a request and the place it comes from.
// Output:   memory that the block table knows, with a shadow that knows nothing of it.
// Threads:  any, also before main and inside the detector: then only the C library works.
//
// Invariants
//   M1  Frees are told to the shadow before the C library may give the memory to anybody.
//   M2  What the detector allocates for itself is in no table, and zeroed when it is freed: it
//       holds addresses, which would keep alive whatever comes to lie there (deadlock/marking.h).
//   M3  A block that code without instrumentation allocated and frees is its own: what orders
//       its fibers may not be seen, so the free is not checked. With
//       ignore_noninstrumented_modules no free by such code is. The shadow forgets the block.
#ifndef FIBERSAN_DETECTOR_HEAP_ALLOCATE_H
#define FIBERSAN_DETECTOR_HEAP_ALLOCATE_H

#include <cstddef>
#include <cstdint>

namespace fibersan {

// Of the interposed function: where it was called from, and its own frame.
struct CallPlace {
  uintptr_t pc;
  const void* frame;
  bool from_instrumented_code = false;  // through a twin, see libc_functions.def
};

#define FIBERSAN_CALL_PLACE                                                              \
  ::fibersan::CallPlace {                                                                \
    reinterpret_cast<uintptr_t>(__builtin_return_address(0)), __builtin_frame_address(0) \
  }

// The same in a twin.
#define FIBERSAN_TWIN_PLACE                                                                    \
  ::fibersan::CallPlace {                                                                      \
    reinterpret_cast<uintptr_t>(__builtin_return_address(0)), __builtin_frame_address(0), true \
  }

// Tracking begins: the shadow is there and options are read.
void start_heap_tracking();
// For ever: with stop_checking() in race/thread.h.
void stop_heap_tracking();

// Whether it goes on, and not in the detector's own name.
bool heap_is_tracked();

// Null and errno as the C library leaves them when there is no memory.
void* tracked_malloc(size_t size, CallPlace place);
void* tracked_calloc(size_t count, size_t size, CallPlace place);
void* tracked_realloc(void* memory, size_t size, CallPlace place);
void* tracked_memalign(size_t alignment, size_t size, CallPlace place);
void tracked_free(void* memory, CallPlace place);

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_HEAP_ALLOCATE_H
