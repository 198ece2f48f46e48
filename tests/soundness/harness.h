// harness.h: what a generated program (generate.py) sees of the frame that runs it.
//
// Input:    a table of scenarios, defined by the generated file.
// Output:   one fiber executes a scenario's body, another, the probe, writes each exposed byte with
//           an instruction of its own; nothing orders the two but the slots. See README.md.
// Not here: anything of the standard library: generated files compile in a tenth of a second. Only
//           those that say WITH_FIBERS include the runtime's headers.
//
// Invariants
//   H1  What is called here and not defined in this header is not instrumented and does nothing
//       but what its line says; it gives no happens-before unless it says so.
//   H2  A scenario takes the same path in each run, whatever was probed before: probes write the
//       value that is there.
#ifndef FIBERSAN_TESTS_SOUNDNESS_HARNESS_H
#define FIBERSAN_TESTS_SOUNDNESS_HARNESS_H

#include <setjmp.h>
#include <stddef.h>
#include <string.h>

#ifdef WITH_FIBERS
#include <fiber/fiber.h>

#include <mutex>
#include <optional>
#endif

#pragma GCC visibility push(default)  // generated files hide what is theirs
namespace sound {

constexpr int kSlots = 4;

struct Target {
  void* address;
  size_t size;
};

struct Scenario {
  const char* name;
  void (*prepare)();  // before each run, in order with everything
  void (*body)();
  const Target* targets;
  int target_count;
  int releases;      // slots that the body may release: a probe acquires one and then looks
  int acquires;      // slots that the body may acquire: a probe looks and then releases one
  bool is_observed;  // in pauses of the body
  bool is_last;      // the body ends the process
};
struct Table {
  const Scenario* scenarios;
  int count;
  bool is_reference;  // the log says what happens; nobody probes
};

// A slot is one event of synchronisation in all its forms; probes use all of them.
extern int flags[2][kSlots];  // [0] released by the body, [1] acquired by it
extern int pause_phase;       // 0 none, 1 the body asks, 2 goes on
extern int pauses_wanted;

#ifdef WITH_FIBERS
struct Slot {
  fiber::Mutex mutex;
  fiber::Channel<int> channel{4096};
  fiber::Semaphore semaphore{0};
  fiber::WaitGroup group;
  std::optional<fiber::Handle<void>> fiber;
};
Slot& of_body(int slot);   // released by the body
Slot& of_probe(int slot);  // acquired by it
#endif

// No order, no effect.
void opaque();
void expose(const void* address, size_t size);  // the probe looks there; the pointer escapes
void linger();                                  // the probe looks now, or has looked
void yield();
void fail(int number);  // throws an int
[[noreturn]] void end_process();
void call(void (*function)(void*), void* argument);
int identity(int number);
void* same(void* pointer);

// Ordered: the body's side of a slot.
void unlock_slot(int slot);   // releases: a Mutex
void send_slot(int slot);     // releases: a Channel
void post_slot(int slot);     // releases: a Semaphore
void spawn_slot(int slot);    // releases: a new fiber, which releases the slot
void lock_slot(int slot);     // acquires: a Mutex
void receive_slot(int slot);  // acquires: a Channel
void join_slot(int slot);     // acquires: a fiber that ended
void own_mutex();             // locks and unlocks one that nobody else has: no order to anybody
void* allocate(size_t size);

// The reference: what the body really did.
void log_read(const void* address, size_t size);
void log_write(const void* address, size_t size);
void log_atomic_read(const void* address, size_t size);
void log_atomic_write(const void* address, size_t size);
void log_maybe(const void* address, size_t size);  // a storage unit around a bit-field
void log_release(int slot);
void log_acquire(int slot);

#pragma GCC visibility pop

// Waits where only polls switch, without any order.
[[maybe_unused]] static __attribute__((noinline)) void pause() {
  if (__atomic_load_n(&pauses_wanted, __ATOMIC_RELAXED) == 0) return;
  __atomic_store_n(&pause_phase, 1, __ATOMIC_RELAXED);
  while (__atomic_load_n(&pause_phase, __ATOMIC_RELAXED) != 2) {
  }
}

}  // namespace sound

// What the file defines; it is a library that the frame loads.
extern "C" __attribute__((visibility("default"))) sound::Table sound_table();

#endif  // FIBERSAN_TESTS_SOUNDNESS_HARNESS_H
