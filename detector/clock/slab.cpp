#include "detector/clock/slab.h"

#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>

namespace fibersan {
namespace {

// Threads are spread over the shards in the order in which they first come here.
unsigned shard_of_this_thread() {
  static std::atomic<unsigned> threads{0};
  static thread_local unsigned shard = ~0u;
  // relaxed: only distinctness counts, nothing is published.
  if (shard == ~0u) shard = threads.fetch_add(1, std::memory_order_relaxed) % Slab::kShards;
  return shard;
}

// No stdio: it may want memory too. The end of the process may, and comes here again.
[[noreturn]] void no_memory(std::size_t size) {
  static std::atomic<bool> told{false};
  // relaxed: one of them says it.
  if (told.exchange(true, std::memory_order_relaxed)) ::_exit(1);
  char line[256];
  const int length = std::snprintf(line, sizeof line,
                                   "FiberSan: cannot map %zu bytes for what it remembers: %s (see "
                                   "ulimit -v and vm.overcommit_memory)\n",
                                   size, std::strerror(errno));
  [[maybe_unused]] const ssize_t written =
      ::write(STDERR_FILENO, line, static_cast<std::size_t>(length));
  ::_exit(1);
}

}  // namespace

void* map_memory(std::size_t size) {
  // A hook must not change what the program sees in errno, and the system call is made
  // without the C library's mmap, which the detector watches.
  const int saved = errno;
  const long memory = ::syscall(SYS_mmap, nullptr, size, PROT_READ | PROT_WRITE,
                                MAP_PRIVATE | MAP_ANONYMOUS, -1, 0L);
  if (memory == -1) no_memory(size);
  errno = saved;
  return reinterpret_cast<void*>(memory);
}

void* Slab::allocate() {
  Shard& shard = shards_[shard_of_this_thread()];
  SpinGuard guard(shard.lock);
  if (shard.head == nullptr) refill(shard);
  FreeObject* object = shard.head;
  shard.head = object->next;
  __builtin_prefetch(shard.head, 1);  // the next call reads it
  --shard.count;
  ++shard.live;
  return object;
}

void Slab::free(void* memory) {
  auto* object = static_cast<FreeObject*>(memory);
  Shard& shard = shards_[shard_of_this_thread()];
  SpinGuard guard(shard.lock);
  object->next = shard.head;
  shard.head = object;
  --shard.live;
  if (++shard.count == 2 * kBatch) spill(shard);  // I2
}

void Slab::refill(Shard& shard) {
  SpinGuard guard(centre_lock_);
  shard.count = kBatch;
  if (batches_ != nullptr) {
    shard.head = batches_;
    batches_ = batches_->next_batch;
    return;
  }
  for (unsigned i = 0; i < kBatch; ++i) {
    if (static_cast<std::size_t>(fresh_end_ - fresh_) < size_) {
      fresh_ = static_cast<char*>(map_memory(kRegion));
      fresh_end_ = fresh_ + kRegion;
    }
    auto* object = reinterpret_cast<FreeObject*>(fresh_);
    fresh_ += size_;
    object->next = shard.head;
    shard.head = object;
  }
}

void Slab::spill(Shard& shard) {
  FreeObject* first = shard.head;
  FreeObject* last = first;
  for (unsigned i = 1; i < kBatch; ++i) last = last->next;
  shard.head = last->next;
  shard.count -= kBatch;
  last->next = nullptr;
  SpinGuard guard(centre_lock_);
  first->next_batch = batches_;
  batches_ = first;
}

std::uint64_t Slab::live() const {
  std::int64_t total = 0;
  for (Shard& shard : shards_) {
    SpinGuard guard(shard.lock);
    total += shard.live;
  }
  return static_cast<std::uint64_t>(total);
}

}  // namespace fibersan
