// interpose.cpp: the malloc family of the program, in place of the C library's.
//
// Invariants
//   I1  No function here has a frame of its own between the caller and FIBERSAN_CALL_PLACE.
//
// malloc_usable_size stays the C library's: blocks are its own.
#include <errno.h>
#include <stddef.h>
#include <unistd.h>

#include "detector/heap/allocate.h"

using fibersan::tracked_calloc;
using fibersan::tracked_free;
using fibersan::tracked_malloc;
using fibersan::tracked_memalign;
using fibersan::tracked_realloc;

namespace {

bool is_power_of_two(size_t number) { return number != 0 && (number & (number - 1)) == 0; }

size_t page_size() { return static_cast<size_t>(sysconf(_SC_PAGESIZE)); }

}  // namespace

extern "C" {

void* malloc(size_t size) { return tracked_malloc(size, FIBERSAN_CALL_PLACE); }

void* calloc(size_t count, size_t size) { return tracked_calloc(count, size, FIBERSAN_CALL_PLACE); }

void* realloc(void* memory, size_t size) {
  return tracked_realloc(memory, size, FIBERSAN_CALL_PLACE);
}

void* reallocarray(void* memory, size_t count, size_t size) {
  size_t bytes = 0;
  if (__builtin_mul_overflow(count, size, &bytes)) {
    errno = ENOMEM;
    return nullptr;
  }
  return tracked_realloc(memory, bytes, FIBERSAN_CALL_PLACE);
}

void free(void* memory) { tracked_free(memory, FIBERSAN_CALL_PLACE); }

void* memalign(size_t alignment, size_t size) {
  return tracked_memalign(alignment, size, FIBERSAN_CALL_PLACE);
}

void* aligned_alloc(size_t alignment, size_t size) {
  return tracked_memalign(alignment, size, FIBERSAN_CALL_PLACE);
}

int posix_memalign(void** result, size_t alignment, size_t size) {
  if (!is_power_of_two(alignment) || alignment % sizeof(void*) != 0) return EINVAL;
  int saved = errno;
  void* memory = tracked_memalign(alignment, size, FIBERSAN_CALL_PLACE);
  errno = saved;
  if (memory == nullptr) return ENOMEM;
  *result = memory;
  return 0;
}

void* valloc(size_t size) { return tracked_memalign(page_size(), size, FIBERSAN_CALL_PLACE); }

void* pvalloc(size_t size) {
  size_t page = page_size();
  size_t rounded = (size + page - 1) & ~(page - 1);
  if (rounded < size) {
    errno = ENOMEM;
    return nullptr;
  }
  return tracked_memalign(page, rounded, FIBERSAN_CALL_PLACE);
}
}
