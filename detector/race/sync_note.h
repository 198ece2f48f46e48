// sync_note.h: a fiber's last release and last acquire, kept for the reports that have to say why
// two accesses are unordered.
//
// Cost:     four stores; at a place that is not the one of the fiber's last note also a look-up,
//           and on first sight a frame walk.
// Threads:  written by the thread that runs the fiber; read at any time by reports, which may see
//           parts of two notes and then name the wrong place: relaxed everywhere.
// Not here: what run() orders as it returns.
#ifndef FIBERSAN_DETECTOR_RACE_SYNC_NOTE_H
#define FIBERSAN_DETECTOR_RACE_SYNC_NOTE_H

#include "detector/fiber.h"
#include "detector/race/access.h"
#include "detector/race/place.h"

namespace fibersan {

// After the event: a release that published something has begun a new epoch.
inline void note_sync(SyncNote& note, const fsan_fiber& fiber, const volatile void* sync,
                      const Caller& caller) {
  note.sync.store(const_cast<const void*>(sync), std::memory_order_relaxed);
  note.epoch.store(fiber.clock.epoch(), std::memory_order_relaxed);
  const bool is_same_place = note.pc.load(std::memory_order_relaxed) == caller.pc &&
                             note.context.load(std::memory_order_relaxed) == caller.context;
  if (__builtin_expect(is_same_place, 1)) return;
  note.pc.store(caller.pc, std::memory_order_relaxed);
  note.context.store(caller.context, std::memory_order_relaxed);
  note.stack.store(caller.pc == 0 ? 0 : place_of(fiber, caller), std::memory_order_relaxed);
}

// No place of the program's: what releases is the fiber's end.
inline constexpr StackId kAtItsEnd = ~StackId{0};

// As note_sync(), of a place that the caller knows.
inline void note_sync_at(SyncNote& note, const fsan_fiber& fiber, const volatile void* sync,
                         StackId stack) {
  note.sync.store(const_cast<const void*>(sync), std::memory_order_relaxed);
  note.epoch.store(fiber.clock.epoch(), std::memory_order_relaxed);
  note.context.store(~uint64_t{0}, std::memory_order_relaxed);  // no other place's
  note.stack.store(stack, std::memory_order_relaxed);
}

// What a fiber or thread does happens after what its creator did before: there is no Sync.
inline constexpr char kOtherFiber = 0;

// The place has been noted already.
inline void note_other_fiber(SyncNote& note, const fsan_fiber& fiber, StackId stack) {
  note_sync_at(note, fiber, &kOtherFiber, stack);
}
inline void note_creation(fsan_fiber& creator, StackId stack) {
  note_other_fiber(creator.last_release, creator, stack);
}

// After an acquire: what the fiber looks at next was likely left by who released.
inline void learn_releaser(fsan_fiber& fiber, const Sync& sync) {
  const Releaser& releaser = sync.last_releaser();
  if (releaser.lane == kNoLane || releaser.lane == fiber.clock.lane()) return;
  const Stamp stamp = make_stamp(releaser.lane, releaser.epoch);
  if (stamp != fiber.known && fiber.clock.covers(stamp)) fiber.known = stamp;
}

// At the end of the fiber: what stays of it is its FiberInfo.
inline void keep_last_release(const fsan_fiber& fiber) {
  const SyncNote& note = fiber.last_release;
  FiberInfo& info = *fiber.info;
  info.released_object = note.sync.load(std::memory_order_relaxed);
  if (info.released_object == nullptr) return;
  info.released_epoch = note.epoch.load(std::memory_order_relaxed);
  info.released = note.stack.load(std::memory_order_relaxed);
}

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_RACE_SYNC_NOTE_H
