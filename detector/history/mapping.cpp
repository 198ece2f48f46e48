#include "detector/history/mapping.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "detector/page.h"

namespace fibersan {

// System calls: the program's mmap is the detector's own, which takes locks (heap/mappings.cpp).
void* try_map_memory(size_t bytes) {
  const long memory = syscall(SYS_mmap, nullptr, bytes, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0L);
  return memory == -1 ? nullptr : reinterpret_cast<void*>(memory);
}

void* map_memory(size_t bytes, const char* purpose) {
  void* memory = try_map_memory(bytes);
  if (memory != nullptr) return memory;
  // No stdio: it may want memory too.
  char line[256];
  int length = snprintf(line, sizeof line,
                        "FiberSan: cannot map %zu bytes for %s: %s (see ulimit -v and "
                        "vm.overcommit_memory)\n",
                        bytes, purpose, strerror(errno));
  ssize_t written = write(STDERR_FILENO, line, static_cast<size_t>(length));
  static_cast<void>(written);
  _exit(1);
}

void unmap_memory(void* memory, size_t bytes) { syscall(SYS_munmap, memory, bytes); }

namespace {

struct WholePages {
  uintptr_t first, last;
  WholePages(void* memory, size_t bytes)
      : first((reinterpret_cast<uintptr_t>(memory) + kPage - 1) & ~(kPage - 1)),
        last((reinterpret_cast<uintptr_t>(memory) + bytes) & ~(kPage - 1)) {}
  bool given_back() const {
    return first < last &&
           madvise(reinterpret_cast<void*>(first), last - first, MADV_DONTNEED) == 0;
  }
};

}  // namespace

void zero_memory(void* memory, size_t bytes) {
  const auto begin = reinterpret_cast<uintptr_t>(memory);
  const WholePages pages(memory, bytes);
  if (!pages.given_back()) {
    memset(memory, 0, bytes);
    return;
  }
  memset(memory, 0, pages.first - begin);
  memset(reinterpret_cast<void*>(pages.last), 0, begin + bytes - pages.last);
}

void give_back_pages(void* memory, size_t bytes) {
  static_cast<void>(WholePages(memory, bytes).given_back());
}

}  // namespace fibersan
