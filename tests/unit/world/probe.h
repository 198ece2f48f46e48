// probe.h: the hooks of a standing world, in the detector's place: what the runtime shows while
// nobody moves.
#ifndef FIBERSAN_TESTS_UNIT_WORLD_PROBE_H
#define FIBERSAN_TESTS_UNIT_WORLD_PROBE_H

#include <atomic>
#include <cstdint>

#include "detector/abi/hooks.h"

namespace probe {

// Called while the world stands still; what it returns are suspects. It allocates nothing.
using Look = size_t (*)(const fsan_world& world);
extern std::atomic<Look> on_stopped;
extern std::atomic<int> moved_again;  // looks that are over
// Whom the last wait for each reason has named as the one that has to go on first.
extern std::atomic<uint64_t> blocked_by[FSAN_WAIT_REASON_COUNT];
extern uint64_t check_ms;  // what the option says, for runs that begin now

const fsan_world_fiber* fiber_of(const fsan_world& world, uint64_t id);
const fsan_world_thread* thread_of(const fsan_world& world, int id);

}  // namespace probe

#endif  // FIBERSAN_TESTS_UNIT_WORLD_PROBE_H
