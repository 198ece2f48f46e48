#include "detector/clock/sized_memory.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <bit>
#include <cerrno>

#include "detector/clock/slab.h"

namespace fibersan {
namespace {

constexpr std::size_t kSmallest = 64;
constexpr std::size_t kLargest = 65536;

constinit Slab slabs[] = {Slab(64),   Slab(128),  Slab(256),   Slab(512),   Slab(1024), Slab(2048),
                          Slab(4096), Slab(8192), Slab(16384), Slab(32768), Slab(65536)};

Slab& slab_for(std::size_t size) {
  if (size <= kSmallest) return slabs[0];
  return slabs[std::bit_width(size - 1) - std::bit_width(kSmallest - 1)];
}

}  // namespace

void* allocate_sized(std::size_t size) {
  return size > kLargest ? map_memory(size) : slab_for(size).allocate();
}

void free_sized(void* memory, std::size_t size) {
  if (size <= kLargest) return slab_for(size).free(memory);
  const int saved = errno;
  ::syscall(SYS_munmap, memory, size);
  errno = saved;
}

}  // namespace fibersan
