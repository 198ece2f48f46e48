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

// Whether the program has an operator of its own: `linked` is what the name means in it.
__attribute__((noinline)) bool is_replaced(const void* linked, const void* own) {
  return linked != own;
}

}  // namespace

// The operator, weak, and its twin, which gives way to the program's own operator.
#define FIBERSAN_OPERATOR(result, symbol, name, qualifiers, parameters, arguments, call)      \
  __attribute__((weak)) result name parameters qualifiers {                                   \
    const CallPlace place = FIBERSAN_CALL_PLACE;                                              \
    return call;                                                                              \
  }                                                                                           \
  extern "C" result linked_##symbol parameters qualifiers __asm__(#symbol);                   \
  extern "C" __attribute__((alias(#symbol),                                                   \
                            visibility("hidden"))) result own_##symbol parameters qualifiers; \
  extern "C" result __fsan_libc_##symbol parameters qualifiers;                               \
  extern "C" result __fsan_libc_##symbol parameters qualifiers {                              \
    if (is_replaced(reinterpret_cast<void*>(linked_##symbol),                                 \
                    reinterpret_cast<void*>(own_##symbol)))                                   \
      return name arguments;                                                                  \
    const CallPlace place = FIBERSAN_TWIN_PLACE;                                              \
    return call;                                                                              \
  }

#define FIBERSAN_NEW(symbol, name, qualifiers, parameters, arguments, call) \
  FIBERSAN_OPERATOR(void*, symbol, name, qualifiers, parameters, arguments, call)
#define FIBERSAN_DELETE(symbol, name, parameters, arguments)             \
  FIBERSAN_OPERATOR(void, symbol, name, noexcept, parameters, arguments, \
                    tracked_free(memory, place))

// Sizes, tags and alignments are not needed by all.
#pragma clang diagnostic ignored "-Wunused-parameter"

using Nothrow = const std::nothrow_t&;
using std::align_val_t;

FIBERSAN_NEW(_Znwm, operator new, , (size_t size), (size), new_or_throw(size, 0, place))
FIBERSAN_NEW(_Znam, operator new[], , (size_t size), (size), new_or_throw(size, 0, place))
FIBERSAN_NEW(_ZnwmRKSt9nothrow_t, operator new, noexcept, (size_t size, Nothrow tag), (size, tag),
             new_or_null(size, 0, place))
FIBERSAN_NEW(_ZnamRKSt9nothrow_t, operator new[], noexcept, (size_t size, Nothrow tag), (size, tag),
             new_or_null(size, 0, place))
FIBERSAN_NEW(_ZnwmSt11align_val_t, operator new, , (size_t size, align_val_t alignment),
             (size, alignment), new_or_throw(size, bytes(alignment), place))
FIBERSAN_NEW(_ZnamSt11align_val_t, operator new[], , (size_t size, align_val_t alignment),
             (size, alignment), new_or_throw(size, bytes(alignment), place))
FIBERSAN_NEW(_ZnwmSt11align_val_tRKSt9nothrow_t, operator new, noexcept,
             (size_t size, align_val_t alignment, Nothrow tag), (size, alignment, tag),
             new_or_null(size, bytes(alignment), place))
FIBERSAN_NEW(_ZnamSt11align_val_tRKSt9nothrow_t, operator new[], noexcept,
             (size_t size, align_val_t alignment, Nothrow tag), (size, alignment, tag),
             new_or_null(size, bytes(alignment), place))

FIBERSAN_DELETE(_ZdlPv, operator delete, (void* memory), (memory))
FIBERSAN_DELETE(_ZdaPv, operator delete[], (void* memory), (memory))
FIBERSAN_DELETE(_ZdlPvm, operator delete, (void* memory, size_t size), (memory, size))
FIBERSAN_DELETE(_ZdaPvm, operator delete[], (void* memory, size_t size), (memory, size))
FIBERSAN_DELETE(_ZdlPvRKSt9nothrow_t, operator delete, (void* memory, Nothrow tag), (memory, tag))
FIBERSAN_DELETE(_ZdaPvRKSt9nothrow_t, operator delete[], (void* memory, Nothrow tag), (memory, tag))
FIBERSAN_DELETE(_ZdlPvSt11align_val_t, operator delete, (void* memory, align_val_t alignment),
                (memory, alignment))
FIBERSAN_DELETE(_ZdaPvSt11align_val_t, operator delete[], (void* memory, align_val_t alignment),
                (memory, alignment))
FIBERSAN_DELETE(_ZdlPvmSt11align_val_t, operator delete,
                (void* memory, size_t size, align_val_t alignment), (memory, size, alignment))
FIBERSAN_DELETE(_ZdaPvmSt11align_val_t, operator delete[],
                (void* memory, size_t size, align_val_t alignment), (memory, size, alignment))
FIBERSAN_DELETE(_ZdlPvSt11align_val_tRKSt9nothrow_t, operator delete,
                (void* memory, align_val_t alignment, Nothrow tag), (memory, alignment, tag))
FIBERSAN_DELETE(_ZdaPvSt11align_val_tRKSt9nothrow_t, operator delete[],
                (void* memory, align_val_t alignment, Nothrow tag), (memory, alignment, tag))
