// operator_new.cpp: operator new and delete, so that an allocation's stack begins with its
// caller: the C++ library's own keep no frame pointer and would hide it.
//
// Weak: a program may replace them, as the standard allows, and its own definition then
// wins; this archive is linked whole, so nothing depends on the order of the link line.
// Compiled with exceptions: operator new throws.
#include <errno.h>

#include <algorithm>
#include <cstddef>
#include <new>

#include "detector/heap/allocate.h"

using fibersan::CallPlace;
using fibersan::tracked_free;
using fibersan::tracked_malloc;
using fibersan::tracked_memalign;

namespace {

void* try_new(size_t size, size_t alignment, CallPlace place) {
  size = std::max<size_t>(size, 1);
  if (alignment == 0) return tracked_malloc(size, place);
  return tracked_memalign(alignment, size, place);
}

void* new_or_throw(size_t size, size_t alignment, CallPlace place) {
  for (;;) {
    void* memory = try_new(size, alignment, place);
    if (memory != nullptr) return memory;
    std::new_handler handler = std::get_new_handler();
    if (handler == nullptr) throw std::bad_alloc();
    handler();
  }
}

void* new_or_null(size_t size, size_t alignment, CallPlace place) noexcept {
  try {
    return new_or_throw(size, alignment, place);
  } catch (...) {
    return nullptr;  // [new.delete.single]: what the new handler threw included
  }
}

size_t bytes(std::align_val_t alignment) { return static_cast<size_t>(alignment); }

}  // namespace

#define FIBERSAN_REPLACEABLE __attribute__((weak))
#define FIBERSAN_HERE FIBERSAN_CALL_PLACE

FIBERSAN_REPLACEABLE void* operator new(size_t size) {
  return new_or_throw(size, 0, FIBERSAN_HERE);
}
FIBERSAN_REPLACEABLE void* operator new[](size_t size) {
  return new_or_throw(size, 0, FIBERSAN_HERE);
}
FIBERSAN_REPLACEABLE void* operator new(size_t size, const std::nothrow_t&) noexcept {
  return new_or_null(size, 0, FIBERSAN_HERE);
}
FIBERSAN_REPLACEABLE void* operator new[](size_t size, const std::nothrow_t&) noexcept {
  return new_or_null(size, 0, FIBERSAN_HERE);
}
FIBERSAN_REPLACEABLE void* operator new(size_t size, std::align_val_t alignment) {
  return new_or_throw(size, bytes(alignment), FIBERSAN_HERE);
}
FIBERSAN_REPLACEABLE void* operator new[](size_t size, std::align_val_t alignment) {
  return new_or_throw(size, bytes(alignment), FIBERSAN_HERE);
}
FIBERSAN_REPLACEABLE void* operator new(size_t size, std::align_val_t alignment,
                                        const std::nothrow_t&) noexcept {
  return new_or_null(size, bytes(alignment), FIBERSAN_HERE);
}
FIBERSAN_REPLACEABLE void* operator new[](size_t size, std::align_val_t alignment,
                                          const std::nothrow_t&) noexcept {
  return new_or_null(size, bytes(alignment), FIBERSAN_HERE);
}

FIBERSAN_REPLACEABLE void operator delete(void* memory) noexcept {
  tracked_free(memory, FIBERSAN_HERE);
}
FIBERSAN_REPLACEABLE void operator delete[](void* memory) noexcept {
  tracked_free(memory, FIBERSAN_HERE);
}
FIBERSAN_REPLACEABLE void operator delete(void* memory, size_t) noexcept {
  tracked_free(memory, FIBERSAN_HERE);
}
FIBERSAN_REPLACEABLE void operator delete[](void* memory, size_t) noexcept {
  tracked_free(memory, FIBERSAN_HERE);
}
FIBERSAN_REPLACEABLE void operator delete(void* memory, const std::nothrow_t&) noexcept {
  tracked_free(memory, FIBERSAN_HERE);
}
FIBERSAN_REPLACEABLE void operator delete[](void* memory, const std::nothrow_t&) noexcept {
  tracked_free(memory, FIBERSAN_HERE);
}
FIBERSAN_REPLACEABLE void operator delete(void* memory, std::align_val_t) noexcept {
  tracked_free(memory, FIBERSAN_HERE);
}
FIBERSAN_REPLACEABLE void operator delete[](void* memory, std::align_val_t) noexcept {
  tracked_free(memory, FIBERSAN_HERE);
}
FIBERSAN_REPLACEABLE void operator delete(void* memory, size_t, std::align_val_t) noexcept {
  tracked_free(memory, FIBERSAN_HERE);
}
FIBERSAN_REPLACEABLE void operator delete[](void* memory, size_t, std::align_val_t) noexcept {
  tracked_free(memory, FIBERSAN_HERE);
}
FIBERSAN_REPLACEABLE void operator delete(void* memory, std::align_val_t,
                                          const std::nothrow_t&) noexcept {
  tracked_free(memory, FIBERSAN_HERE);
}
FIBERSAN_REPLACEABLE void operator delete[](void* memory, std::align_val_t,
                                            const std::nothrow_t&) noexcept {
  tracked_free(memory, FIBERSAN_HERE);
}
