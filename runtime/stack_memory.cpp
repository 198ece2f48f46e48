#include "runtime/stack_memory.h"

#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "runtime/hooks.h"

namespace fiber::internal {
namespace {

#ifndef MADV_GUARD_INSTALL
constexpr int MADV_GUARD_INSTALL = 102;  // since Linux 6.13
#endif
constexpr int kPidfdSelf = -10000;  // PIDFD_SELF, since Linux 6.14

// One system call for all of them, where the kernel lets a process advise itself that way.
bool advise_together(char* const* starts, size_t count, size_t size, int advice) {
  iovec ranges[kStackBatch];
  for (size_t i = 0; i < count; ++i) ranges[i] = {starts[i], size};
  return syscall(SYS_process_madvise, kPidfdSelf, ranges, count, advice, 0) ==
         static_cast<long>(count * size);
}

bool advise(char* const* starts, size_t count, size_t size, int advice) {
  // Relaxed: in the worst case two threads find out twice.
  static constinit std::atomic<bool> together{true};
  if (count > 1 && together.load(std::memory_order_relaxed)) {
    if (advise_together(starts, count, size, advice)) return true;
    together.store(false, std::memory_order_relaxed);
  }
  return std::all_of(starts, starts + count,
                     [&](char* start) { return madvise(start, size, advice) == 0; });
}

uint32_t mappings_for_guards() {
  unsigned most = 65530;
  if (std::FILE* file = std::fopen("/proc/sys/vm/max_map_count", "re")) {
    if (std::fscanf(file, "%u", &most) != 1) most = 65530;
    std::fclose(file);
  }
  return most / 4;
}

}  // namespace

char* map_stacks(size_t bytes) {
  const hooks::OwnWork own_work;  // what lies there is no root of the program's
  void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
  if (memory == MAP_FAILED) return nullptr;
  // A huge page would commit the untouched parts of several stacks.
  madvise(memory, bytes, MADV_NOHUGEPAGE);
  return static_cast<char*>(memory);
}

bool StackGuards::install(char* const* guards, size_t count) {
  if (in_kernel_.load(std::memory_order_relaxed)) {
    if (advise(guards, count, kGuardSize, MADV_GUARD_INSTALL)) return true;
    in_kernel_.store(false, std::memory_order_relaxed);
  }
  const bool all =
      std::all_of(guards, guards + count, [this](char* guard) { return install_mapped(guard); });
  if (!all && !told_.exchange(true, std::memory_order_relaxed)) {
    std::fprintf(stderr,
                 "fiber: no more mappings for stack guards: a stack overflow of a further fiber "
                 "goes unnoticed; raise vm.max_map_count, or use Linux 6.13 or later\n");
  }
  return all;
}

bool StackGuards::install_mapped(char* guard) {
  uint32_t left = left_.load(std::memory_order_relaxed);
  if (left == kAskSystem) left = mappings_for_guards();
  if (left == 0) return false;
  left_.store(left - 1, std::memory_order_relaxed);
  return mprotect(guard, kGuardSize, PROT_NONE) == 0;
}

void release_pages(char* const* stacks, size_t count, size_t size) {
  // Fails for memory the program has locked with mlockall(): that stays.
  advise(stacks, count, size, MADV_DONTNEED);
}

size_t resident_below(const char* low, const char* high) {
  constexpr size_t kStep = 256;
  unsigned char resident[kStep];
  for (const char* at = low; at < high; at += kStep * kPage) {
    const size_t bytes = std::min(kStep * kPage, static_cast<size_t>(high - at));
    const size_t pages = (bytes + kPage - 1) / kPage;
    if (mincore(const_cast<char*>(at), bytes, resident) != 0) break;
    const unsigned char* first =
        std::find_if(resident, resident + pages, [](unsigned char page) { return page & 1; });
    if (first != resident + pages)
      return static_cast<size_t>(high - at) - static_cast<size_t>(first - resident) * kPage;
  }
  return 0;
}

}  // namespace fiber::internal
