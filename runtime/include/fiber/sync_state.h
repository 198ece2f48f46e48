// sync_state.h: what every synchronisation object carries.
//
// State:    one word and a list of waiters. The meaning of the bits and the waiters
//           belong to the library (runtime/sync/sync_word.h); of the public headers only
//           Mutex's short way in sync.h reads them.
// Cost:     24 bytes, constant-initialised: objects work as globals before main.
// Not here: the objects themselves, see sync.h and wait_group.h.
#ifndef FIBER_SYNC_STATE_H
#define FIBER_SYNC_STATE_H

#include <fiber/deadline.h>
#include <atomic>
#include <cstdint>

namespace fiber::internal {

struct Waiter;

struct __attribute__((capability("mutex"))) SyncState {
  constexpr SyncState() noexcept = default;
  constexpr explicit SyncState(std::uint64_t payload) noexcept : word(payload << kPayloadShift) {}

  static constexpr int kPayloadShift = 8;  // below: flags; above: the object's own count
  std::atomic<std::uint64_t> word{0};
  Waiter* first __attribute__((guarded_by(this))) = nullptr;
  Waiter* last __attribute__((guarded_by(this))) = nullptr;
};

}  // namespace fiber::internal

#endif  // FIBER_SYNC_STATE_H
