#include "detector/heap/allocate.h"

#include <errno.h>
#include <malloc.h>

#include <algorithm>
#include <atomic>
#include <cstring>

#include "detector/abi/hooks.h"
#include "detector/fiber.h"
#include "detector/heap/block_table.h"
#include "detector/heap/inside_detector.h"
#include "detector/history/context.h"
#include "detector/process/options.h"
#include "detector/race/memory.h"

extern "C" {
void* __libc_malloc(size_t size);
void* __libc_calloc(size_t count, size_t size);
void* __libc_memalign(size_t alignment, size_t size);
void __libc_free(void* memory);
void* __libc_realloc(void* memory, size_t size);
}

namespace fibersan {
namespace {

// relaxed everywhere: set before main, when there is one thread.
std::atomic<bool> tracking{false};

bool tracked_now() { return tracking.load(std::memory_order_relaxed) && !inside_detector(); }

// Called with `memory` fresh from the C library.
void* add_block(void* memory, size_t size, CallPlace place) {
  if (memory == nullptr || !tracking.load(std::memory_order_relaxed)) return memory;
  auto address = reinterpret_cast<uintptr_t>(memory);
  if (inside_detector()) {
    heap_blocks.forget(address);  // M2
    return memory;
  }
  const fsan_fiber* fiber = running_fiber();
  StackId stack = 0;
  if (fiber != nullptr) {
    stack = note_stack(__fsan_running.context, place.pc, place.frame, fiber->stack);
  }
  heap_blocks.add(address, size, stack, fiber == nullptr ? kMainThreadId : fiber->info->id,
                  !place.from_instrumented_code);
  memory_allocated(address, size);
  return memory;
}

// M3
bool is_checked(const HeapBlock& block, CallPlace place) {
  if (!block.by_library && options.ignore_noninstrumented_modules == 0) return true;
  return place.from_instrumented_code;
}

// The C library's mark on a block that it maps alone, and unmaps with its free.
bool is_mapped_alone(const void* memory) {
  return (static_cast<const size_t*>(memory)[-1] & 2) != 0;
}

// M2
void wipe(void* memory) {
  if (!is_mapped_alone(memory)) memset(memory, 0, malloc_usable_size(memory));
}

// Before the C library frees it (M1).
void remove_block(void* memory, CallPlace place) {
  const auto address = reinterpret_cast<uintptr_t>(memory);
  const std::optional<HeapBlock> block = heap_blocks.begins_at(address);
  if (!block) return;
  const bool checked = is_checked(*block, place);
  const bool leaves_stamps = checked && !is_mapped_alone(memory);
  BlockFree free;
  if (!leaves_stamps || !free_will_be_stamped(block->size, free.lane, free.epoch)) {
    const fsan_fiber* fiber = running_fiber();
    free.fiber_id = fiber == nullptr ? kMainThreadId : fiber->info->id;
  } else {
    free.has_stamp = true;
  }
  heap_blocks.remove(*block, free);
  if (!checked) {
    __fsan_memory_forgotten(memory, block->size);
  } else if (leaves_stamps) {
    memory_freed(block->address, block->size, place.pc, place.frame);
  } else {
    mapped_memory_freed(block->address, block->size, place.pc, place.frame);
  }
}

}  // namespace

void start_heap_tracking() { tracking.store(true, std::memory_order_relaxed); }

void stop_heap_tracking() { tracking.store(false, std::memory_order_relaxed); }

bool heap_is_tracked() { return tracked_now(); }

void* tracked_malloc(size_t size, CallPlace place) {
  return add_block(__libc_malloc(size), size, place);
}

void* tracked_calloc(size_t count, size_t size, CallPlace place) {
  return add_block(__libc_calloc(count, size), count * size, place);
}

void* tracked_memalign(size_t alignment, size_t size, CallPlace place) {
  return add_block(__libc_memalign(alignment, size), size, place);
}

void tracked_free(void* memory, CallPlace place) {
  if (memory == nullptr) return;
  if (tracked_now()) {
    int saved = errno;  // free() leaves errno alone
    remove_block(memory, place);
    errno = saved;
  } else if (inside_detector()) {
    wipe(memory);
  }
  __libc_free(memory);
}

void* tracked_realloc(void* memory, size_t size, CallPlace place) {
  if (memory == nullptr) return tracked_malloc(size, place);
  if (size == 0) {
    tracked_free(memory, place);
    return nullptr;
  }
  std::optional<HeapBlock> old = heap_blocks.begins_at(reinterpret_cast<uintptr_t>(memory));
  if (!inside_detector() && (!old || !tracked_now())) return __libc_realloc(memory, size);
  // Always a new block: the old one is freed only once the new one is sure, and the shadow
  // must be told of that before anybody can get it (M1); the detector's own is wiped (M2).
  void* fresh = tracked_malloc(size, place);
  if (fresh == nullptr) return nullptr;
  memcpy(fresh, memory, std::min<size_t>(old ? old->size : malloc_usable_size(memory), size));
  tracked_free(memory, place);
  return fresh;
}

}  // namespace fibersan
