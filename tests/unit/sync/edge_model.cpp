#include "edge_model.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <set>
#include <utility>

using Clock = std::map<uint64_t, uint64_t>;

struct fsan_fiber {
  uint64_t id = 0;
  Clock clock;
  std::multiset<std::pair<const void*, bool>> held;  // lock, for reading
};

namespace {

using edge_model::Event;

enum class Use { kRead, kWritten, kAwaited };

struct Model {
  std::mutex mutex;
  std::map<const void*, Clock> syncs;
  std::map<const void*, fsan_object_kind> objects;
  std::map<const void*, std::vector<std::pair<Use, Event>>> uses;
  std::vector<edge_model::WaitSeen> waits;
  std::vector<fsan_finding_kind> misuses;
  int races = 0;
  uint64_t last_fiber = 0;
  fsan_fiber main;
  std::set<fsan_fiber*> live;
};

Model& model() {
  static auto* model = new Model;  // hooks come before and after all other objects
  return *model;
}

[[gnu::noinline]] fsan_fiber*& running() {
  static thread_local fsan_fiber* fiber = nullptr;
  return fiber;
}

fsan_fiber& self() {
  fsan_fiber* fiber = running();
  return fiber != nullptr ? *fiber : model().main;
}

uint64_t tick(fsan_fiber& fiber) { return ++fiber.clock[fiber.id]; }

void join(Clock& to, const Clock& from) {
  for (auto [fiber, epoch] : from) to[fiber] = std::max(to[fiber], epoch);
}

void acquire(const void* sync) { join(self().clock, model().syncs[sync]); }
void release(const void* sync) {
  model().syncs[sync] = self().clock;
  tick(self());
}
void merge(const void* sync) {
  join(model().syncs[sync], self().clock);
  tick(self());
}

template <class Map>
void forget(Map& map, const void* address, size_t size) {
  const auto* low = static_cast<const char*>(address);
  map.erase(map.lower_bound(low), map.lower_bound(low + size));
}

bool ordered(Event event) {
  const auto known = self().clock.find(event.fiber);
  return known != self().clock.end() && known->second >= event.epoch;
}

bool conflict(Use a, Use b) { return a != b || a == Use::kWritten; }

void use(const void* object, Use how) {
  std::scoped_lock lock(model().mutex);
  auto& uses = model().uses[object];
  for (const auto& [other, event] : uses)
    if (conflict(how, other) && event.fiber != self().id && !ordered(event)) ++model().races;
  uses.push_back({how, {self().id, tick(self())}});
}

const char* readers_of(const void* lock) { return static_cast<const char*>(lock) + 1; }

}  // namespace

namespace edge_model {

Event here() {
  std::scoped_lock lock(model().mutex);
  return {self().id, tick(self())};
}

bool before_here(Event event) {
  std::scoped_lock lock(model().mutex);
  return ordered(event);
}

void reset() {
  std::scoped_lock lock(model().mutex);
  model().waits.clear();
  model().misuses.clear();
  model().races = 0;
}

std::vector<WaitSeen> waits() {
  std::scoped_lock lock(model().mutex);
  return model().waits;
}
std::vector<fsan_finding_kind> misuses() {
  std::scoped_lock lock(model().mutex);
  return model().misuses;
}
int races() {
  std::scoped_lock lock(model().mutex);
  return model().races;
}
bool is_object(const void* address, fsan_object_kind kind) {
  std::scoped_lock lock(model().mutex);
  const auto found = model().objects.find(address);
  return found != model().objects.end() && found->second == kind;
}
size_t locks_held() {
  std::scoped_lock lock(model().mutex);
  return self().held.size();
}

}  // namespace edge_model

extern "C" {

const uint8_t __fsan_listening = 1;

void __fsan_processor_acquired(uint32_t) {}
void __fsan_processor_released(uint32_t) {}
void __fsan_run_started(uint32_t, uint64_t) {}
int __fsan_run_widened(int) { return 0; }
void __fsan_blocking_call_begun() {}
int __fsan_io_sync() { return 1; }
uint64_t __fsan_deadlock_check_ms() { return 0; }
void __fsan_world_stops() {}
size_t __fsan_world_stopped(const struct fsan_world*) { return 0; }
size_t __fsan_world_moves_again() { return 0; }
int __fsan_world_copied(size_t) { return 0; }
int __fsan_copy_searched(size_t*, size_t*) { return 0; }
size_t __fsan_dead_read() { return 0; }
void __fsan_copy_dropped() {}
void __fsan_own_work_begins() {}
void __fsan_own_work_ends() {}
void __fsan_thread_interrupted() {}
void __fsan_fiber_abandoned(struct fsan_fiber*) {}
void __fsan_run_finished() {  // those that were stopped are gone
  std::scoped_lock lock(model().mutex);
  for (fsan_fiber* fiber : std::exchange(model().live, {})) delete fiber;
}
int __fsan_global_deadlock() { return 0; }
uint64_t __fsan_place_of_creation() { return 0; }
void __fsan_fiber_created_at(fsan_fiber*, uint64_t) {}
void __fsan_fiber_named(fsan_fiber*, const char*) {}
void __fsan_object_named(const void*, const char*) {}

fsan_fiber* __fsan_fiber_created(uint64_t, const char*, const void*, const void*, const void*,
                                 const void*) {
  std::scoped_lock lock(model().mutex);
  auto* fiber = new fsan_fiber{++model().last_fiber, self().clock, {}};
  tick(self());
  tick(*fiber);
  model().live.insert(fiber);
  return fiber;
}
void __fsan_fiber_switched_in(fsan_fiber* fiber) { running() = fiber; }
void __fsan_fiber_switched_out(fsan_fiber*) { running() = nullptr; }
void __fsan_fiber_ended(fsan_fiber* fiber) {
  std::scoped_lock lock(model().mutex);
  model().live.erase(fiber);
  delete fiber;
}
void __fsan_fiber_waiting(fsan_wait_reason reason, const void* const* objects, size_t count,
                          int timed, uint64_t) {
  std::scoped_lock lock(model().mutex);
  std::vector<const void*> seen(objects, objects + count);
  model().waits.push_back({reason, std::move(seen), timed != 0});
}

void __fsan_acquire(const void* sync) {
  std::scoped_lock lock(model().mutex);
  acquire(sync);
}
void __fsan_fiber_done(const void* sync, int among_others) {
  among_others != 0 ? __fsan_merge(sync) : __fsan_release(sync);
}
void __fsan_release(const void* sync) {
  std::scoped_lock lock(model().mutex);
  release(sync);
}
void __fsan_merge(const void* sync) {
  std::scoped_lock lock(model().mutex);
  merge(sync);
}

void __fsan_object_created(const void* object, size_t, fsan_object_kind kind) {
  std::scoped_lock lock(model().mutex);
  model().objects[object] = kind;
}
void __fsan_object_destroyed(const void* object, size_t size) {
  std::scoped_lock lock(model().mutex);
  model().objects.erase(object);
  forget(model().syncs, object, size);
  forget(model().uses, object, size);
}
void __fsan_memory_forgotten(const void* address, size_t size) {
  std::scoped_lock lock(model().mutex);
  forget(model().syncs, address, size);
  forget(model().uses, address, size);
}
void __fsan_object_read(const void* object, size_t) { use(object, Use::kRead); }
void __fsan_object_written(const void* object, size_t) { use(object, Use::kWritten); }
void __fsan_object_awaited(const void* object, size_t) { use(object, Use::kAwaited); }

void __fsan_lock_acquired(const void* object, fsan_lock_mode mode) {
  std::scoped_lock lock(model().mutex);
  const bool read = (mode & FSAN_LOCK_READ) != 0;
  acquire(object);
  if (!read) acquire(readers_of(object));
  self().held.insert({object, read});
}
void __fsan_lock_released(const void* object, fsan_lock_mode mode) {
  std::scoped_lock lock(model().mutex);
  const bool read = (mode & FSAN_LOCK_READ) != 0;
  if (read) {
    merge(readers_of(object));
  } else {
    release(object);
  }
  if (const auto held = self().held.find({object, read}); held != self().held.end())
    self().held.erase(held);
}

void __fsan_channel_closed(const void*) {}
void __fsan_inspected_by(const struct fsan_inspector*) {}
uint64_t __fsan_warn_after_ms(enum fsan_finding_kind) { return 0; }
void __fsan_fiber_was_slow(enum fsan_finding_kind, struct fsan_fiber*, uint64_t, const void* const*,
                           size_t, uint64_t) {}
void __fsan_misuse(fsan_finding_kind kind, const void*) {
  std::scoped_lock lock(model().mutex);
  model().misuses.push_back(kind);
}

}  // extern "C"
