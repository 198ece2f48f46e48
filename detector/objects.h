// objects.h: the synchronisation objects that reports can name.
//
// Input:    object_created, object_named, object_destroyed.
// Output:   find_object(): kind, extent, creation stack and name of the object at or
//           around an address.
// State:    one record for each object that has not been destroyed, in shards by address.
// Cost:     a hash look-up under a shard's lock.
// Threads:  any.
#ifndef FIBERSAN_DETECTOR_OBJECTS_H
#define FIBERSAN_DETECTOR_OBJECTS_H

#include <cstddef>
#include <cstdint>

#include "detector/abi/hooks.h"

namespace fibersan {

struct ObjectInfo {
  uintptr_t address = 0;
  size_t size = 0;
  fsan_object_kind kind = FSAN_OBJECT_KIND_COUNT;
  uint64_t creation_stack = 0;  // context of note_access_context(), 0: unknown
  uint64_t creator_fiber_id = 0;
  const char* name = nullptr;  // interned
};

void add_object(const ObjectInfo& object);
void name_object(uintptr_t address, const char* name);
void remove_object(uintptr_t address);
void remove_objects_in(uintptr_t address, size_t size);

// The object that begins at the address. False when there is none.
bool find_object(uintptr_t address, ObjectInfo* object);
// The object that contains the address (slow: for reports).
bool find_object_around(uintptr_t address, ObjectInfo* object);

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_OBJECTS_H
