// context.h: from a 64-bit calling context to the stack it stands for.
//
// Input:    the caller's context (fsan_running.context at its entry), the pc of the hook's
//           call, and, unless they were seen lately, the frames themselves.
// Output:   for an access a number that stack_of() turns back into the stack, on any
//           thread, as long as about as many accesses were made since as the rings hold;
//           for other events a StackId that is good for ever.
// State:    two StackTries of up to 2^20 nodes for accesses: the present generation, and
//           the one before, which is forgotten when the present one is full. A cache.
// Cost:     seen lately: one look-up in the cache. Else a frame walk and a lock.
// Threads:  any. Look-ups take no lock.
//
// Invariants
//   C1  Memory is bounded whatever the program does: a stack is walked anew rather than
//       kept for a (context, pc) that comes again.
#ifndef FIBERSAN_DETECTOR_HISTORY_CONTEXT_H
#define FIBERSAN_DETECTOR_HISTORY_CONTEXT_H

#include <atomic>

#include "detector/history/context_cache.h"
#include "detector/history/stack.h"
#include "detector/history/stack_table.h"

namespace fibersan {

namespace internal {

extern constinit ContextCache context_cache;
// Of the stacks that are noted now; changed under the lock of those. A hook that still reads
// the old number notes its access in the generation before, which is kept.
extern constinit std::atomic<uint32_t> stack_generation;

inline constexpr uint64_t kForEver = 0xffff'ffff;  // the tag of StackIds in the cache

uint64_t note_new_context(uint64_t key, uintptr_t pc, const void* frame, StackBounds bounds);
StackId note_new_stack(uint64_t key, uintptr_t pc, const void* frame, StackBounds bounds);

}  // namespace internal

// What note_access_context() would return when it was seen lately, else 0: no call, for the
// fast part of hooks.
[[gnu::always_inline]] inline uint64_t known_access_context(uint64_t caller_context, uintptr_t pc) {
  const uint64_t key = ContextCache::key_of(caller_context, pc);
  // relaxed: whoever reads the number follows it to stacks only under their lock.
  return internal::context_cache.find(key,
                                      internal::stack_generation.load(std::memory_order_relaxed));
}

// Never 0 but when there is no memory. `frame` and `pc` as in walk_frames(); `place` is the pc, or
// another address that tells it apart from all other pcs.
inline uint64_t note_access_context(uint64_t caller_context, uintptr_t place, uintptr_t pc,
                                    const void* frame, StackBounds bounds) {
  const uint64_t known = known_access_context(caller_context, place);
  if (__builtin_expect(known != 0, 1)) return known;
  return internal::note_new_context(ContextCache::key_of(caller_context, place), pc, frame, bounds);
}
inline uint64_t note_access_context(uint64_t caller_context, uintptr_t pc, const void* frame,
                                    StackBounds bounds) {
  return note_access_context(caller_context, pc, pc, frame, bounds);
}

// The same for events that keep a 32-bit stack id (allocations, creations).
inline StackId note_stack(uint64_t caller_context, uintptr_t pc, const void* frame,
                          StackBounds bounds) {
  const uint64_t key = ContextCache::key_of(caller_context, pc);
  const uint64_t known = internal::context_cache.find(key, internal::kForEver);
  if (__builtin_expect(known != 0, 1)) return static_cast<StackId>(known);
  return internal::note_new_stack(key, pc, frame, bounds);
}

// Of note_access_context(). Empty when it was forgotten.
Stack stack_of(uint64_t noted);

// Generations of stacks that were forgotten.
uint64_t forgotten_generations();

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_HISTORY_CONTEXT_H
