#include "detector/shadow/record_memory.h"

#include <errno.h>

#include <atomic>
#include <bit>
#include <cstring>

#include "detector/clock/spin_lock.h"
#include "detector/history/mapping.h"

namespace fibersan {
namespace {

constexpr size_t kRegion = size_t{256} << 10;
constexpr unsigned kClasses = 16;  // by the power of two

struct Piece {
  Piece* next;
};
struct alignas(64) Class {
  SpinLock lock;  // rank 18
  Piece* free FIBERSAN_GUARDED_BY(lock) = nullptr;
  char* fresh FIBERSAN_GUARDED_BY(lock) = nullptr;
  char* fresh_end FIBERSAN_GUARDED_BY(lock) = nullptr;
};
static_assert(kLargestKept < size_t{1} << kClasses);

constinit Class classes[kClasses];
// relaxed everywhere: only sums count.
constinit std::atomic<uint64_t> in_use{0};
constinit std::atomic<uint64_t> budget{kRecordBudget};

void* map(size_t bytes) {
  const int saved = errno;
  void* const memory = try_map_memory(bytes);
  errno = saved;
  return memory;
}

void* take(Class& of, size_t bytes) {
  const SpinGuard guard(of.lock);
  if (Piece* const piece = of.free) {
    of.free = piece->next;
    return memset(piece, 0, bytes);
  }
  if (of.fresh == of.fresh_end) {
    of.fresh = static_cast<char*>(map(kRegion));
    of.fresh_end = of.fresh == nullptr ? nullptr : of.fresh + kRegion;
    if (of.fresh == nullptr) return nullptr;
  }
  char* const piece = of.fresh;
  of.fresh += bytes;
  return piece;
}

Class& class_of(size_t bytes) { return classes[std::countr_zero(bytes)]; }

}  // namespace

void* allocate_record_memory(size_t bytes) {
  if (in_use.fetch_add(bytes, std::memory_order_relaxed) + bytes <=
      budget.load(std::memory_order_relaxed)) {
    void* const memory = bytes <= kLargestKept ? take(class_of(bytes), bytes) : map(bytes);
    if (memory != nullptr) return memory;
  }
  in_use.fetch_sub(bytes, std::memory_order_relaxed);
  return nullptr;
}

void free_record_memory(void* memory, size_t bytes) {
  in_use.fetch_sub(bytes, std::memory_order_relaxed);
  if (bytes > kLargestKept) {
    unmap_memory(memory, bytes);
    return;
  }
  Class& of = class_of(bytes);
  const SpinGuard guard(of.lock);
  auto* const piece = static_cast<Piece*>(memory);
  piece->next = of.free;
  of.free = piece;
}

uint64_t record_memory_in_use() { return in_use.load(std::memory_order_relaxed); }
void set_record_budget(uint64_t bytes) { budget.store(bytes, std::memory_order_relaxed); }

}  // namespace fibersan
