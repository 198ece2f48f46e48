// objects.h: what is known of each synchronisation object, for reports.
//
// Input:    object_created, object_named, object_destroyed, channel_closed.
// State:    a hash table by address. Objects that were constant-initialised are unknown
//           until something names them.
// Threads:  any; sharded spin locks.
#ifndef FIBERSAN_DETECTOR_RACE_OBJECTS_H
#define FIBERSAN_DETECTOR_RACE_OBJECTS_H

#include <cstddef>
#include <cstdint>

#include "detector/abi/hooks.h"
#include "detector/history/stack_table.h"

namespace fibersan {

struct ObjectInfo {
  static constexpr size_t kNameSize = 48;

  uintptr_t address = 0;
  size_t size = 0;
  fsan_object_kind kind = FSAN_OBJECT_CHANNEL;
  uint64_t creator_id = 0;
  StackId created = 0;
  uint64_t closer_id = 0;  // of a channel that is closed
  StackId closed = 0;      // 0: it is not
  char name[kNameSize] = {};
};

// Copies what is known of the object at this address into `info`; false: nothing.
bool find_object(const void* object, ObjectInfo& info);

// Objects that begin in the range are no more.
void forget_objects(uintptr_t address, uint64_t size);

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_RACE_OBJECTS_H
