// hooks.h: the vocabulary between instrumented code, runtime and detector. C only.
//
// Output:   declarations of every hook in hooks.def as __fsan_<name>.
// Threads:  every hook may be called from any thread at any time, also before
//           main and after it.
// Not here: what the detector does with an event, see detector/race/.
#ifndef FIBERSAN_DETECTOR_ABI_HOOKS_H
#define FIBERSAN_DETECTOR_ABI_HOOKS_H

#include <stddef.h>
#include <stdint.h>

// Raised when a hook's meaning or signature changes; the pass stores it in every
// module and the detector refuses a module that was built for another one.
#define FSAN_ABI_VERSION 1

#ifdef __cplusplus
extern "C" {
#endif

typedef void fsan_void;
typedef const volatile void* fsan_ptr;
typedef uint8_t fsan_u8;
typedef uint16_t fsan_u16;
typedef uint32_t fsan_u32;
typedef uint64_t fsan_u64;
typedef unsigned __int128 fsan_u128;

// One line for each type that a pass hook may use.
#define FSAN_FOR_EACH_TYPE(X) \
  X(fsan_void) X(fsan_ptr) X(fsan_u8) X(fsan_u16) X(fsan_u32) X(fsan_u64) X(fsan_u128)

// Read-modify-write operations, in the meaning of LLVM's atomicrmw.
enum fsan_rmw {
  FSAN_RMW_EXCHANGE,
  FSAN_RMW_ADD,
  FSAN_RMW_SUB,
  FSAN_RMW_AND,
  FSAN_RMW_NAND,
  FSAN_RMW_OR,
  FSAN_RMW_XOR,
  FSAN_RMW_MAX,
  FSAN_RMW_MIN,
  FSAN_RMW_UMAX,
  FSAN_RMW_UMIN
};

enum fsan_wait_reason {
#define FSAN_WAIT_REASON(id, text) FSAN_WAIT_##id,
#include "wait_reasons.def"
#undef FSAN_WAIT_REASON
  FSAN_WAIT_REASON_COUNT
};

enum fsan_object_kind {
#define FSAN_OBJECT_KIND(id, text) FSAN_OBJECT_##id,
#include "object_kinds.def"
#undef FSAN_OBJECT_KIND
  FSAN_OBJECT_KIND_COUNT
};

enum fsan_finding_kind {
#define FSAN_FINDING_KIND(id, text, help) FSAN_FINDING_##id,
#include "finding_kinds.def"
#undef FSAN_FINDING_KIND
  FSAN_FINDING_KIND_COUNT
};

// FSAN_LOCK_TRY is or-ed in by try_lock: it can block nobody.
enum fsan_lock_mode {
  FSAN_LOCK_WRITE = 0,
  FSAN_LOCK_READ = 1,
  FSAN_LOCK_TRY_WRITE = 2,
  FSAN_LOCK_TRY_READ = 3
};

// What instrumented code reads inline, one for each OS thread.
//
// Invariants
//   I1  Read %fs-relative at every use: the fiber that runs this code may be on
//       another thread after any call.
//   I2  `stamp` is the running fiber's lane and epoch with an empty mask and no kind
//       bits (see detector/clock/stamp.h), or 0, which no shadow slot ever covers.
//   I3  `context` identifies the chain of calls that led into the current function.
//       A function reads it on entry, sets it to mix(entry value, call site) before a
//       call, and puts the entry value back before it returns.
struct fsan_running_state {
  uint64_t stamp;
  uint64_t context;
};
extern __thread struct fsan_running_state __fsan_running __attribute__((tls_model("initial-exec")));

// The two slots of address a are the two u64 at
//   ((2 * (a & ~7) + __fsan_shadow_base) & FSAN_SHADOW_MASK).
// Written once before the first constructor runs, constant afterwards.
extern uint64_t __fsan_shadow_base;
#define FSAN_SHADOW_MASK 0x00007ffffffffff0ull

// Bits of a stamp: mask:8 (low) | epoch:30 | lane:24 | atomic:1 | read:1 (high).
#define FSAN_STAMP_EPOCH_SHIFT 8
#define FSAN_STAMP_LANE_SHIFT 38
#define FSAN_STAMP_ATOMIC (1ull << 62)
#define FSAN_STAMP_READ (1ull << 63)

// context' = (context * FSAN_CONTEXT_MULTIPLIER, rotated left by 23) + site;
// site is a constant of the call instruction that differs between call sites, of 31 bits.
#define FSAN_CONTEXT_MULTIPLIER 0x9e3779b97f4a7c15ull
#define FSAN_CONTEXT_ROTATE 23

#if defined(__clang__) && defined(__x86_64__)
#define FSAN_COLD __attribute__((preserve_most))
#else
#define FSAN_COLD
#endif

// Preemption, in plain builds too. A poll is
//   if (__fiber_preempt_requested) __fiber_preempt();
// with the test %fs-relative at every poll (I1 above holds for it as well). The runtime
// defines both: it sets the request when a fiber has run for longer than preempt_ms, and the
// call lets others run, or does nothing where a switch is impossible.
extern __thread uint8_t __fiber_preempt_requested __attribute__((tls_model("initial-exec")));
FSAN_COLD void __fiber_preempt(void);

// How many locks the calling thread holds that know their thread: for them the fiber that took
// one is nobody, so it must not go on elsewhere. Counted by who stands in front of the C
// library's functions (detector/threads, or runtime/thread_locks in plain builds); defined and
// obeyed by the runtime. Used where no fiber is switched.
extern __thread uint32_t __fiber_thread_locks __attribute__((tls_model("initial-exec")));

// By the kind of a mutex of the GNU C library: recursive or error-checking (the two low bits),
// robust, priority-inheriting or priority-protecting. Normal ones may be unlocked by any thread.
static inline int fsan_mutex_knows_thread(int kind) {
  return (kind & 3) == 1 || (kind & 3) == 2 || (kind & 0x70) != 0;
}
static inline void fsan_thread_lock_taken(void) { ++__fiber_thread_locks; }
// One that was taken before the fiber began is not in its count.
static inline void fsan_thread_lock_returned(void) {
  if (__fiber_thread_locks != 0) --__fiber_thread_locks;
}

struct fsan_fiber;

// The world while it stands still, for the search for fibers that can never run again. The
// arrays are the runtime's, made before anybody was stopped.
struct fsan_range {
  const void* low;
  const void* high;
};

enum fsan_activity {
  FSAN_ACTIVITY_LIVE,     // runs, is about to run, or something outside of the fibers wakes it: a
                          // timer, a descriptor, the end of a blocking call
  FSAN_ACTIVITY_BLOCKED,  // waits for what its last fiber_waiting named, without a time-out
  FSAN_ACTIVITY_GONE      // its function has returned: nothing of it is left to look at
};

// Addresses of one stack, from low to high: what the runtime keeps of the wait [stack_pointer,
// user_low), the program's frames and callable [user_low, user_high), the runtime's record
// [user_high, stack_high). Waiting queues lead to the first, run queues to the last.
struct fsan_world_fiber {
  struct fsan_fiber* fiber;
  uint64_t id;
  enum fsan_activity activity;
  uint64_t wait;      // differs between any two waits of the fiber
  int waits_briefly;  // not asked for in this look: it has just begun to wait
  const void* stack_pointer;
  const void* user_low;
  const void* user_high;
  const void* stack_high;
  struct fsan_range belongings;  // memory of the fiber's outside of its stack; empty: none
  const void* caught_exceptions;
};

// A thread that was stopped, or the caller's own.
struct fsan_world_thread {
  int thread_id;
  const void* thread_pointer;  // %fs:0
  const void* stack_pointer;   // where it was stopped, perhaps on a fiber's stack
  struct fsan_range registers;
  const void* own_stack_pointer;  // of the thread's own stack, while a fiber runs on it
  int may_be_waking;  // it may have taken a fiber out of a queue and not made it runnable
};

// A wait of a fiber.
struct fsan_leak {
  uint64_t id;
  uint64_t wait;  // as in fsan_world_fiber
};

struct fsan_world {
  const struct fsan_world_fiber* fibers;
  size_t fiber_count;
  const struct fsan_world_thread* threads;
  size_t thread_count;
  const struct fsan_range* roots;  // timers, descriptors, regions that the program has named
  size_t root_count;
  int run_is_over;  // what is dead now is reported without a second look
  // Not null: nobody is searched for; the blocked fibers among `leaks`, sorted by id, are leaks of
  // the scope of that name (fiber::LeakScope).
  const char* leak_scope;
  const struct fsan_leak* leaks;
  size_t leak_count;
};

// Of world_stopped: nobody knows yet.
#define FSAN_WORLD_COPIED (~(size_t)0)

// Of a search in a copy of the process.
enum fsan_search {
  FSAN_SEARCH_NONE,  // there is none
  FSAN_SEARCH_ON,
  FSAN_SEARCH_DONE,   // told once
  FSAN_SEARCH_FAILED  // nobody knows anything of it, told once
};

// What a synchronisation object says of itself.
struct fsan_object_state {
  uint64_t capacity;  // of a channel's buffer
  uint64_t count;     // channel: values in it; waitgroup: its counter; semaphore: permits left;
                      // barrier: who is missing
  int closed;         // channel
};

// What a report asks the runtime about fibers that wait. Neither allocates, locks or calls hooks.
struct fsan_inspector {
  // Of an object that is waited for and so exists. 0: nothing to say.
  int (*object_state)(const void* object, enum fsan_object_kind kind,
                      struct fsan_object_state* state);
  // Nanoseconds since the fiber whose stack this address is in began to wait; negative: unknown.
  int64_t (*waited)(const void* stack_address);
};

// 0 in a program without a detector, where a caller may leave a runtime hook out: a load and
// a branch, where the call of an empty function would be most of an operation's cost.
extern const uint8_t __fsan_listening;

#define FSAN_COLD_HOOK2(r, name, t1, p1, t2, p2) FSAN_COLD r __fsan_##name(t1 p1, t2 p2);
#define FSAN_COLD_HOOK3(r, name, t1, p1, t2, p2, t3, p3) \
  FSAN_COLD r __fsan_##name(t1 p1, t2 p2, t3 p3);
#define FSAN_PASS_HOOK2(r, name, t1, p1, t2, p2) r __fsan_##name(t1 p1, t2 p2);
#define FSAN_PASS_HOOK3(r, name, t1, p1, t2, p2, t3, p3) r __fsan_##name(t1 p1, t2 p2, t3 p3);
#define FSAN_PASS_HOOK4(r, name, t1, p1, t2, p2, t3, p3, t4, p4) \
  r __fsan_##name(t1 p1, t2 p2, t3 p3, t4 p4);
#define FSAN_PASS_HOOK5(r, name, t1, p1, t2, p2, t3, p3, t4, p4, t5, p5) \
  r __fsan_##name(t1 p1, t2 p2, t3 p3, t4 p4, t5 p5);
#define FSAN_PASS_HOOK6(r, name, t1, p1, t2, p2, t3, p3, t4, p4, t5, p5, t6, p6) \
  r __fsan_##name(t1 p1, t2 p2, t3 p3, t4 p4, t5 p5, t6 p6);
#define FSAN_PASS_HOOK7(r, name, t1, p1, t2, p2, t3, p3, t4, p4, t5, p5, t6, p6, t7, p7) \
  r __fsan_##name(t1 p1, t2 p2, t3 p3, t4 p4, t5 p5, t6 p6, t7 p7);
#define FSAN_RUNTIME_HOOK(r, name, parameters) r __fsan_##name parameters;
#include "hooks.def"
#undef FSAN_COLD_HOOK2
#undef FSAN_COLD_HOOK3
#undef FSAN_PASS_HOOK2
#undef FSAN_PASS_HOOK3
#undef FSAN_PASS_HOOK4
#undef FSAN_PASS_HOOK5
#undef FSAN_PASS_HOOK6
#undef FSAN_PASS_HOOK7
#undef FSAN_RUNTIME_HOOK

#ifdef __cplusplus
}
#endif

#endif  // FIBERSAN_DETECTOR_ABI_HOOKS_H
