// processor.h: what a thread that runs fibers needs at every event.
//
// Input:    processor_acquired/released and the switch hooks.
// Output:   current_processor, read in every hook.
// State:    one record for each index the runtime uses, and one for the main thread
//           outside run(); made on first use, kept for ever.
// Threads:  a record belongs to the thread whose current_processor it is.
//
// Invariants
//   P1  current_processor is null on a thread that neither owns a processor of the
//       runtime nor is the main thread.
//   P2  While `running` is set, __fsan_running.stamp equals running->clock.stamp();
//       otherwise it is 0.
//   P3  The ring's newest segment header names recorded_stamp's lane and epoch.
#ifndef FIBERSAN_DETECTOR_PROCESSOR_H
#define FIBERSAN_DETECTOR_PROCESSOR_H

#include <atomic>
#include <cstdint>

#include "detector/clock/stamp.h"
#include "detector/fiber.h"
#include "detector/history/ring.h"

namespace fibersan {

inline constexpr uint32_t kMaxProcessors = 4096;

struct Processor {
  Fiber* running = nullptr;
  Stamp recorded_stamp = 0;  // P3
  uint32_t home = 0;         // where its lanes come from
  bool attached = false;     // some thread owns it
  Ring ring;

  // Appends the event of an access by the running fiber.
  void record(uintptr_t address, uint64_t size, bool write, bool atomic, uint64_t context) {
    const Stamp stamp = running->clock.stamp();
    if (__builtin_expect(stamp != recorded_stamp, 0)) start_segment(stamp);
    ring.record(address, size, write, atomic, context);
  }

 private:
  void start_segment(Stamp stamp);
};

extern __thread Processor* current_processor __attribute__((tls_model("initial-exec")));

// Makes the calling thread, which is the main one, checked from now on: gives it a lane and
// a ring of 2^log2_ring_events events, as every processor later. Once, before main, after
// reserve_shadow().
void attach_main_thread(unsigned log2_ring_events);

// Copies what the running fiber's clock says into __fsan_running.stamp (P2).
inline void publish_stamp(const Fiber& fiber) { __fsan_running.stamp = fiber.clock.stamp(); }

// The calling thread is not checked: counts it, once.
void note_foreign_thread();
uint64_t foreign_threads();

// True while at most one thread puts stamps into the shadow, so that plain stores are as
// good as compare-and-swap. Written only while no fiber runs.
extern bool single_writer;

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_PROCESSOR_H
