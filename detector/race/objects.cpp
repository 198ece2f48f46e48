#include "detector/race/objects.h"

#include "detector/race/access.h"
#include "detector/race/address_table.h"
#include "detector/race/names.h"
#include "detector/race/place.h"
#include "detector/race/sync_table.h"

namespace fibersan {
namespace {

using ObjectTable = AddressTable<ObjectInfo>;  // rank 6
ObjectTable objects;

}  // namespace

bool find_object(const void* object, ObjectInfo& info) {
  ObjectTable::Locked entry(objects, object);
  const ObjectInfo* known = entry.find();
  if (known == nullptr) return false;
  info = *known;
  return true;
}

void forget_objects(uintptr_t address, uint64_t size) { objects.forget(address, size); }

}  // namespace fibersan

extern "C" {

void __fsan_object_created(const void* object, size_t size, enum fsan_object_kind kind) {
  if (fibersan::checking_has_stopped()) return;
  const auto address = reinterpret_cast<uintptr_t>(object);
  // A place that is used again begins anew, whether or not the last object said goodbye.
  fibersan::forget_syncs(address, size);
  const fsan_fiber* fiber = fibersan::this_thread.fiber;
  if (fiber == nullptr) return;
  const fibersan::StackId stack =
      fibersan::place_of(*fiber, FIBERSAN_CALLER(__fsan_running.context));
  fibersan::ObjectTable::Locked entry(fibersan::objects, object);
  entry.make() = {.address = address,
                  .size = size,
                  .kind = kind,
                  .creator_id = fiber->info->id,
                  .created = stack};
}

void __fsan_object_named(const void* object, const char* name) {
  if (fibersan::checking_has_stopped()) return;
  fibersan::ObjectTable::Locked entry(fibersan::objects, object);
  fibersan::ObjectInfo& info = entry.make();
  info.address = reinterpret_cast<uintptr_t>(object);
  fibersan::copy_name(info.name, name);
}

void __fsan_channel_closed(const void* channel) {
  if (fibersan::checking_has_stopped()) return;
  const fsan_fiber* fiber = fibersan::this_thread.fiber;
  if (fiber == nullptr) return;
  const fibersan::StackId stack =
      fibersan::place_of(*fiber, FIBERSAN_CALLER(__fsan_running.context));
  fibersan::ObjectTable::Locked entry(fibersan::objects, channel);
  fibersan::ObjectInfo& info = entry.make();
  info.address = reinterpret_cast<uintptr_t>(channel);
  info.closer_id = fiber->info->id;
  info.closed = stack;
}

void __fsan_object_destroyed(const void* object, size_t size) {
  if (fibersan::checking_has_stopped()) return;
  const auto address = reinterpret_cast<uintptr_t>(object);
  fibersan::forget_syncs(address, size);
  fibersan::forget_objects(address, size);
}

}  // extern "C"
