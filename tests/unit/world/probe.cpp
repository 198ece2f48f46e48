#include "tests/unit/world/probe.h"

#include <utility>

namespace probe {

constinit std::atomic<Look> on_stopped{nullptr};
constinit std::atomic<int> moved_again{0};
constinit std::atomic<uint64_t> blocked_by[FSAN_WAIT_REASON_COUNT] = {};
constinit uint64_t check_ms = 0;

const fsan_world_fiber* fiber_of(const fsan_world& world, uint64_t id) {
  for (size_t i = 0; i < world.fiber_count; ++i) {
    if (world.fibers[i].id == id) return &world.fibers[i];
  }
  return nullptr;
}

const fsan_world_thread* thread_of(const fsan_world& world, int id) {
  for (size_t i = 0; i < world.thread_count; ++i) {
    if (world.threads[i].thread_id == id) return &world.threads[i];
  }
  return nullptr;
}

}  // namespace probe

extern "C" {

const uint8_t __fsan_listening = 1;

// No record is looked at.
fsan_fiber* __fsan_fiber_created(uint64_t id, const char*, const void*, const void*, const void*,
                                 const void*) {
  return reinterpret_cast<fsan_fiber*>(id);
}
void __fsan_fiber_waiting(enum fsan_wait_reason reason, const void* const*, size_t, int,
                          uint64_t blocked_by) {
  probe::blocked_by[reason] = blocked_by;
}
uint64_t __fsan_deadlock_check_ms() { return probe::check_ms; }
size_t __fsan_world_stopped(const fsan_world* world) {
  const probe::Look look = probe::on_stopped.load();
  return look == nullptr ? 0 : look(*world);
}
size_t __fsan_world_moves_again() {
  probe::moved_again.fetch_add(1);
  return 0;
}

}  // extern "C"
