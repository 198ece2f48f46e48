// stack_memory.h: what stacks take from the system: address space, guards, and pages back.
//
// Cost:     a guard 0.8 us in a batch of 16, 1.3 us alone; giving a stack's pages back 1 to 2 us.
// Threads:  any.
// Not here: who owns which stack, see stack_pool.h.
//
// Invariants
//   I1  Touching any byte of a guard is a fault. MADV_GUARD_INSTALL where the kernel has it
//       (6.13): no mapping more. Elsewhere PROT_NONE, which costs two mappings each: at most a
//       quarter of vm.max_map_count guards are made, so that half of the mappings stay for the
//       program; that further stacks have no guard is said once.
//   I2  A guard is larger than what instrumented code leaves between two touches: the config
//       files compile with -fstack-clash-protection and probes 8 KiB apart.
#ifndef FIBERSAN_RUNTIME_STACK_MEMORY_H
#define FIBERSAN_RUNTIME_STACK_MEMORY_H

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace fiber::internal {

inline constexpr size_t kPage = 4096;  // of x86-64
inline constexpr size_t kGuardSize = 16384;
inline constexpr size_t kStackBatch = 32;  // stacks that move or are advised together

// Null with errno set when there is none.
char* map_stacks(size_t bytes);

// Which kind of guard can be had, found out at the first one.
class StackGuards {
 public:
  static constexpr uint32_t kAskSystem = UINT32_MAX;

  constexpr StackGuards() = default;
  // For tests: as on a kernel without guards of its own, and with so many mappings for them.
  constexpr explicit StackGuards(uint32_t mapped_guards)
      : in_kernel_(false), left_(mapped_guards) {}

  // guards[i] is the lowest byte of a guard. At most kStackBatch. False: some are missing.
  bool install(char* const* guards, size_t count);

 private:
  bool install_mapped(char* guard);

  // Relaxed: in the worst case two threads find out twice.
  std::atomic<bool> in_kernel_{true};
  std::atomic<uint32_t> left_{kAskSystem};
  std::atomic<bool> told_{false};
};

// The stacks' contents are lost; their memory is zero when it is touched again. At most
// kStackBatch.
void release_pages(char* const* stacks, size_t count, size_t size);

// Bytes from the lowest page in memory to `high`. What the system has swapped out counts as
// unused.
size_t resident_below(const char* low, const char* high);

}  // namespace fiber::internal

#endif  // FIBERSAN_RUNTIME_STACK_MEMORY_H
