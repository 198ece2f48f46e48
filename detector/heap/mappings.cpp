// mappings.cpp: mmap, munmap and their like: what is mapped is fresh, what is unmapped is
// forgotten (race/memory.h M4).
//
// System calls of our own, not the C library's functions behind ours: mappings are made before
// anything can be looked up, and there is nothing between these functions and the system.
//
// shmdt needs no look: whoever gets the place next begins anew, and the C library maps nothing
// by itself that is not cleared elsewhere (blocks, stacks of threads).
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "detector/heap/allocate.h"
#include "detector/heap/block_table.h"
#include "detector/heap/program_mappings.h"
#include "detector/page.h"
#include "detector/race/memory.h"
#include "detector/race/thread.h"

namespace fibersan {
namespace {

AddressRange whole_pages(const void* memory, size_t size) {
  const uintptr_t low = reinterpret_cast<uintptr_t>(memory) & ~(kPage - 1);
  return {low, (reinterpret_cast<uintptr_t>(memory) + size + kPage - 1) & ~(kPage - 1)};
}

// Pointers may be there from now on. The runtime's own (stacks) is told by it.
void note_mapped(const void* memory, size_t size, bool shared) {
  if (this_thread.own_work_depth != 0) return;
  program_mappings.add(whole_pages(memory, size));
  if (shared) {
    shared_mappings.add(whole_pages(memory, size));
  } else {
    shared_mappings.remove(whole_pages(memory, size));
  }
}
void note_unmapped(const void* memory, size_t size) {
  if (size == 0) return;
  program_mappings.remove(whole_pages(memory, size));
  shared_mappings.remove(whole_pages(memory, size));
}

// Leaves errno alone.
void forget_pages(const void* memory, size_t size) {
  if (size == 0 || !heap_is_tracked()) return;
  const int saved = errno;
  const uintptr_t low = reinterpret_cast<uintptr_t>(memory) & ~(kPage - 1);
  uintptr_t high = 0;
  if (!__builtin_add_overflow(reinterpret_cast<uintptr_t>(memory), size + kPage - 1, &high)) {
    high &= ~(kPage - 1);
    heap_blocks.forget_range(low, high - low);
    pages_forgotten(low, high - low);
  }
  errno = saved;
}

void* map_pages(void* address, size_t size, int protection, int flags, int file, off_t offset) {
  const long mapped = syscall(SYS_mmap, address, size, protection, flags, file, offset);
  if (mapped == -1) return MAP_FAILED;
  forget_pages(reinterpret_cast<void*>(mapped), size);
  const bool shared = (flags & MAP_SHARED) != 0 && (protection & PROT_WRITE) != 0;
  note_mapped(reinterpret_cast<void*>(mapped), size, shared);
  return reinterpret_cast<void*>(mapped);
}

void* move_or_resize(void* old, size_t old_size, size_t size, int flags, void* target) {
  return reinterpret_cast<void*>(syscall(SYS_mremap, old, old_size, size, flags, target));
}

// In place what is kept keeps its past. What moves has none: a known miss.
void* remap_pages(void* old, size_t old_size, size_t size, int flags, void* target) {
  constexpr int kMoves = MREMAP_FIXED | 4;  // MREMAP_DONTUNMAP
  const bool shared = shared_mappings.contains(reinterpret_cast<uintptr_t>(old));
  if ((flags & kMoves) == 0 && old_size != 0) {
    if (size < old_size) forget_pages(static_cast<char*>(old) + size, old_size - size);
    void* const same = move_or_resize(old, old_size, size, flags & ~MREMAP_MAYMOVE, nullptr);
    if (same != MAP_FAILED && size > old_size)
      forget_pages(static_cast<char*>(old) + old_size, size - old_size);
    if (same != MAP_FAILED) {
      note_unmapped(old, old_size);
      note_mapped(old, size, shared);
    }
    if (same != MAP_FAILED || (flags & MREMAP_MAYMOVE) == 0) return same;
  }
  forget_pages(old, old_size);
  void* const moved = move_or_resize(old, old_size, size, flags, target);
  if (moved != MAP_FAILED) {
    forget_pages(moved, size);
    note_unmapped(old, old_size);
    note_mapped(moved, size, shared);
  }
  return moved;
}

}  // namespace
}  // namespace fibersan

extern "C" {

void* mmap(void* address, size_t size, int protection, int flags, int file, off_t offset) noexcept {
  return fibersan::map_pages(address, size, protection, flags, file, offset);
}
void* mmap64(void* address, size_t size, int protection, int flags, int file,
             off64_t offset) noexcept {
  return fibersan::map_pages(address, size, protection, flags, file, offset);
}

int munmap(void* memory, size_t size) noexcept {
  fibersan::forget_pages(memory, size);
  fibersan::note_unmapped(memory, size);
  return static_cast<int>(syscall(SYS_munmap, memory, size));
}

void* mremap(void* old, size_t old_size, size_t size, int flags, ...) noexcept {
  va_list arguments;
  va_start(arguments, flags);
  void* const target = (flags & MREMAP_FIXED) != 0 ? va_arg(arguments, void*) : nullptr;
  va_end(arguments);
  return fibersan::remap_pages(old, old_size, size, flags, target);
}

int madvise(void* memory, size_t size, int advice) noexcept {
  if (advice == MADV_DONTFORK || advice == MADV_WIPEONFORK)
    fibersan::program_mappings.hide_from_copies();
  return static_cast<int>(syscall(SYS_madvise, memory, size, advice));
}

void* shmat(int id, const void* address, int flags) noexcept {
  const long attached = syscall(SYS_shmat, id, address, flags);
  if (attached == -1) return MAP_FAILED;
  shmid_ds segment = {};
  const int saved = errno;
  if (shmctl(id, IPC_STAT, &segment) == 0) {
    fibersan::forget_pages(reinterpret_cast<void*>(attached), segment.shm_segsz);
    fibersan::note_mapped(reinterpret_cast<void*>(attached), segment.shm_segsz,
                          (flags & SHM_RDONLY) == 0);
  }
  errno = saved;
  return reinterpret_cast<void*>(attached);
}

}  // extern "C"
