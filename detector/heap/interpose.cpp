// interpose.cpp: the malloc family of the program, in place of the C library's.
//
// Invariants
//   I1  No function here has a frame of its own between the caller and its CallPlace.
//
// malloc_usable_size stays the C library's: blocks are its own.
#include <errno.h>
#include <stddef.h>
#include <unistd.h>

#include "detector/heap/allocate.h"

using fibersan::CallPlace;
using fibersan::tracked_calloc;
using fibersan::tracked_free;
using fibersan::tracked_malloc;
using fibersan::tracked_memalign;
using fibersan::tracked_realloc;

namespace {

bool is_power_of_two(size_t number) { return number != 0 && (number & (number - 1)) == 0; }

size_t page_size() { return static_cast<size_t>(sysconf(_SC_PAGESIZE)); }

int aligned(void** result, size_t alignment, size_t size, CallPlace place) {
  if (!is_power_of_two(alignment) || alignment % sizeof(void*) != 0) return EINVAL;
  int saved = errno;
  void* memory = tracked_memalign(alignment, size, place);
  errno = saved;
  if (memory == nullptr) return ENOMEM;
  *result = memory;
  return 0;
}

void* whole_pages(size_t size, CallPlace place) {
  size_t page = page_size();
  size_t rounded = (size + page - 1) & ~(page - 1);
  if (rounded < size) {
    errno = ENOMEM;
    return nullptr;
  }
  return tracked_memalign(page, rounded, place);
}

}  // namespace

// Each function once under its own name, for whoever is not instrumented, and once as the twin
// that instrumented code calls instead.
#define FIBERSAN_ALLOCATION(result, name, parameters, ...) \
  result name parameters {                                 \
    const CallPlace place = FIBERSAN_CALL_PLACE;           \
    __VA_ARGS__                                            \
  }                                                        \
  result __fsan_libc_##name parameters;                    \
  result __fsan_libc_##name parameters {                   \
    const CallPlace place = FIBERSAN_TWIN_PLACE;           \
    __VA_ARGS__                                            \
  }

extern "C" {

FIBERSAN_ALLOCATION(void*, malloc, (size_t size), return tracked_malloc(size, place);)
FIBERSAN_ALLOCATION(void*, calloc, (size_t count, size_t size),
                    return tracked_calloc(count, size, place);)
FIBERSAN_ALLOCATION(void*, realloc, (void* memory, size_t size),
                    return tracked_realloc(memory, size, place);)
FIBERSAN_ALLOCATION(
    void*, reallocarray, (void* memory, size_t count, size_t size), size_t bytes = 0;
    if (__builtin_mul_overflow(count, size, &bytes)) {
      errno = ENOMEM;
      return nullptr;
    } return tracked_realloc(memory, bytes, place);)
FIBERSAN_ALLOCATION(void, free, (void* memory), tracked_free(memory, place);)
FIBERSAN_ALLOCATION(void*, memalign, (size_t alignment, size_t size),
                    return tracked_memalign(alignment, size, place);)
FIBERSAN_ALLOCATION(void*, aligned_alloc, (size_t alignment, size_t size),
                    return tracked_memalign(alignment, size, place);)
FIBERSAN_ALLOCATION(int, posix_memalign, (void** result, size_t alignment, size_t size),
                    return aligned(result, alignment, size, place);)
FIBERSAN_ALLOCATION(void*, valloc, (size_t size),
                    return tracked_memalign(page_size(), size, place);)
FIBERSAN_ALLOCATION(void*, pvalloc, (size_t size), return whole_pages(size, place);)
}
