// fiber_info.h: what reports say about a fiber, as plain data that outlives it.
//
// Output:   find_fiber_info(id), also for a fiber that has ended.
// State:    one entry for each fiber in a table of kFiberInfos, found by id modulo its size:
//           an ended fiber's entry is lost when so many younger ones have been created.
// Cost:     40 bytes for each fiber; a lock of one shard and a copy.
// Threads:  any.
// Not here: a fiber's clock, stack and wait, see fiber.h.
#ifndef FIBERSAN_DETECTOR_FIBER_INFO_H
#define FIBERSAN_DETECTOR_FIBER_INFO_H

#include <cstdint>

namespace fibersan {

// The main thread outside run().
inline constexpr uint64_t kMainThreadId = 0;
inline constexpr uint64_t kFiberInfos = uint64_t{1} << 22;

enum class FiberState : uint8_t { kUnknown, kCreated, kStarted, kEnded };

struct FiberInfo {
  uint64_t id = 0;
  uint64_t creator_id = 0;
  uint64_t creation_stack = 0;  // of note_access_context(); 0: not created by a fiber
  const char* name = nullptr;   // null: none was given; interned, never freed
  FiberState state = FiberState::kUnknown;
};

// False when nothing is known of such a fiber (any more).
bool find_fiber_info(uint64_t id, FiberInfo* info);
void store_fiber_info(const FiberInfo& info);

// One copy of each name for the life of the process, cut to 63 bytes. Null for null, and
// when there are more than 65 536 different names.
const char* intern_name(const char* name);

// Drops every entry; for tests.
void forget_fiber_infos();

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_FIBER_INFO_H
