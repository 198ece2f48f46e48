#include "runtime/memory.h"

#include <new>

#include "detector/abi/hooks.h"

namespace fiber::internal {

void* allocate(size_t size, size_t alignment) {
  if (alignment <= __STDCPP_DEFAULT_NEW_ALIGNMENT__) return ::operator new(size);
  return ::operator new(size, std::align_val_t(alignment));
}

void deallocate(void* memory, size_t size, size_t alignment) noexcept {
  __fsan_memory_forgotten(memory, size);
  if (alignment <= __STDCPP_DEFAULT_NEW_ALIGNMENT__) {
    ::operator delete(memory);
  } else {
    ::operator delete(memory, std::align_val_t(alignment));
  }
}

}  // namespace fiber::internal
