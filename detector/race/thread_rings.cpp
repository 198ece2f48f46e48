#include "detector/race/thread_rings.h"

#include <new>

#include "detector/clock/check.h"
#include "detector/clock/slab.h"
#include "detector/clock/spin_lock.h"

namespace fibersan {
namespace {

constexpr unsigned kWorkerLimit = 16384;

// All zero until a worker has it: 3 MB of each program that need not be in its file.
struct alignas(64) WorkerRing {
  bool is_made = false;
  alignas(Ring) std::byte memory[sizeof(Ring)] = {};
};
constinit WorkerRing worker_rings[kWorkerLimit];

struct ThreadRing {
  Ring ring;
  ThreadRing* next = nullptr;
  char apart[64];  // from what another thread writes
};
constinit Slab ring_slab(sizeof(ThreadRing));
SpinLock rings_lock;  // rank 4
ThreadRing* idle_rings FIBERSAN_GUARDED_BY(rings_lock) = nullptr;

}  // namespace

Ring& worker_ring(uint32_t index) {
  FIBERSAN_CHECK(index < kWorkerLimit, index);
  WorkerRing& of_worker = worker_rings[index];
  auto* const place = reinterpret_cast<Ring*>(of_worker.memory);
  if (of_worker.is_made) return *std::launder(place);
  of_worker.is_made = true;  // whoever has the processor asks, one at a time
  return *new (place) Ring;
}

std::span<const std::byte> worker_rings_memory() { return std::as_bytes(std::span(worker_rings)); }

Ring* take_thread_ring() {
  SpinGuard guard(rings_lock);
  ThreadRing* ring = idle_rings;
  if (ring != nullptr) {
    idle_rings = ring->next;
  } else {
    ring = new (ring_slab.allocate()) ThreadRing;
  }
  return &ring->ring;
}

void give_back_thread_ring(Ring* ring) {
  static_assert(__builtin_offsetof(ThreadRing, ring) == 0);
  auto* idle = reinterpret_cast<ThreadRing*>(ring);
  SpinGuard guard(rings_lock);
  idle->next = idle_rings;
  idle_rings = idle;
}

}  // namespace fibersan
