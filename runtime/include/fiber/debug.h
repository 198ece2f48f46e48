// debug.h: what a program can ask its fiber runtime, and tell the detector.
//
// Cost:     stats() reads some hundred numbers for each processor; dump_fibers() looks at
//           every fiber. Neither stops anybody; deadlock::check() does.
// Threads:  any, also outside of fibers.
#ifndef FIBER_DEBUG_H
#define FIBER_DEBUG_H

#include <fiber/channel.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

namespace fiber {

// How often which duration was seen. Bucket i counts those of at most bound(i) nanoseconds
// that are above bound(i - 1); the last bucket has no bound.
struct Histogram {
  static constexpr std::size_t kBuckets = 33;
  static constexpr std::uint64_t bound(std::size_t bucket) { return std::uint64_t{64} << bucket; }

  std::uint64_t counts[kBuckets] = {};
  std::uint64_t count = 0;            // of all buckets
  std::uint64_t sum_nanoseconds = 0;  // of all durations
};

// One look at the runtime. The parts are read one after the other while the program runs, so
// they need not add up to the last fiber.
struct Stats {
  // Counted since the process began; runs add up.
  std::uint64_t fibers_created = 0;   // fibers
  std::uint64_t fibers_ended = 0;     // fibers
  std::uint64_t parks = 0;            // times a fiber has parked to wait for something
  std::uint64_t yields = 0;           // times a fiber has yielded by itself
  std::uint64_t preemptions = 0;      // times a fiber was made to yield
  std::uint64_t steals = 0;           // times a processor has robbed another one
  std::uint64_t fibers_stolen = 0;    // fibers that changed processors by theft
  std::uint64_t overflows = 0;        // times a full queue moved half of itself to the global one
  std::uint64_t global_takes = 0;     // times a processor took from the global queue
  std::uint64_t hand_offs = 0;        // processors given to another thread for a blocking call
  std::uint64_t blocking_calls = 0;   // calls announced as blocking
  std::uint64_t timers_fired = 0;     // timers whose time came
  std::uint64_t net_polls = 0;        // times the network was polled
  std::uint64_t net_wakes = 0;        // fibers made runnable by the network
  std::uint64_t thread_sleeps = 0;    // times a thread went to sleep for lack of work
  std::uint64_t threads_started = 0;  // threads started to run fibers, run()'s callers not included
  std::uint64_t deadlock_checks =
      0;  // times all threads were to be stopped to search for deadlocks
  // Of these: the search went on in a copy of the process (as by fork), beside the program.
  std::uint64_t deadlock_checks_copied = 0;
  std::uint64_t deadlock_checks_given_up = 0;  // of these: a thread did not stop, or no memory

  // Now. 0 outside of a run, but for fibers_stopped and the stacks.
  std::uint64_t fibers_live = 0;       // fibers created and not ended, of this run
  std::uint64_t fibers_running = 0;    // fibers a thread executes
  std::uint64_t fibers_runnable = 0;   // fibers in run queues
  std::uint64_t fibers_waiting = 0;    // the others: parked, or in a blocking call
  std::uint64_t fibers_stopped = 0;    // fibers that ended runs have left where they were
  std::uint64_t processors = 0;        // fibers that can run at once
  std::uint64_t processors_idle = 0;   // of these
  std::uint64_t threads = 0;           // threads that run fibers, or wait to
  std::uint64_t threads_spinning = 0;  // of these: look for work
  std::uint64_t timers_armed = 0;      // of sleeps, timers, tickers, deadlines and time-outs

  // Stacks are made when none is free and never given up, so this is a high-water mark. Their
  // memory is what fibers have touched (this_fiber::stack_high_water()) and goes back when it
  // is no longer needed.
  std::uint64_t stacks = 0;                 // stacks there are, in use or free
  std::uint64_t stack_addresses_bytes = 0;  // bytes of address space that they take

  // Of one fiber in 256, chosen at irregular distances: a clock costs as much as a switch.
  Histogram lifetime;         // from creation to the end
  Histogram run_queue_delay;  // from runnable to running
  // Of checks for deadlocks: how long all threads stood still, each time that they did.
  Histogram deadlock_pause;
};

Stats stats();

// The same in Prometheus' text exposition format (0.0.4): fiber_created_total,
// fiber_lifetime_seconds_bucket{le="..."} and so on. Serve it as
// "text/plain; version=0.0.4".
std::string stats_prometheus();
void write_prometheus(std::FILE* file);

// Every fiber: number, name, what it does or waits for and for how long, its stack, and where
// it was created. Where there are many, equal stacks are shown once. SIGQUIT (Ctrl-\) writes
// the same to standard error and ends the process. Needs some 32 KiB of stack.
void dump_fibers(std::FILE* file = stderr);

namespace internal {
void name_channel(ChannelCore* core, const char* name);
}  // namespace internal

// The channel's name in the detector's reports. A nil channel has none.
template <class T>
void name(const Channel<T>& channel, std::string_view name) {
  internal::name_channel(internal::ChannelAccess::core(channel), std::string(name).c_str());
}

// An order that the detector cannot see, because it is made by means it does not know (inline
// assembler, another process, a device): what a fiber did before happens_before(p) happens
// before what another one does after a later happens_after(p). `p` is any address but that of an
// atomic or a synchronisation object that is in use: their orders are kept under the same address,
// and the next store to such an atomic takes the place of what happens_before(p) left there.
void happens_before(const volatile void* p);
void happens_after(const volatile void* p);

// Memory that may hold the only reference to something that fibers wait for, where the detector
// does not look: mapped by the program itself, of a device, or of the kernel's (what epoll, a timer
// or io_uring hands back). Not needed for global and thread-local variables, stacks and the
// heap. It must stay readable while the value lives.
class RootRegion {
 public:
  RootRegion(const RootRegion&) = delete;
  RootRegion& operator=(const RootRegion&) = delete;
  ~RootRegion();

 private:
  friend RootRegion root_region(const void* memory, std::size_t size);
  RootRegion(const void* memory, std::size_t size);
  const void* memory_;
  std::size_t size_;
};
[[nodiscard]] RootRegion root_region(const void* memory, std::size_t size);

namespace deadlock {

// Looks for fibers that can never run again because nothing that may still run refers to what they
// wait for, and reports them (kind "partial deadlock"). Returns how many were found since the
// process began. All threads stand still for that (stats().deadlock_pause), but not for longer than
// it takes to copy the process where there is much to search; then the copy is searched. Where some
// seem dead it looks again after 100 ms, for which the calling fiber sleeps. The detector does the
// same by itself every deadlock_check_ms; a plain build does nothing and returns 0. A thread of the
// program's own that blocks all signals cannot be stopped: while it lives looks are given up after
// 50 ms and counted (stats().deadlock_checks_given_up), and only global deadlocks, rings and orders
// of locks are found.
std::size_t check();

}  // namespace deadlock

// Somebody outside of the runtime will wake a fiber: while the value lives, fibers that all
// wait are no deadlock.
//
//     auto waker = fiber::external_waker();
//     library_call([=](int result) { channel.send(result); });  // from the library's thread
class ExternalWaker {
 public:
  ExternalWaker(const ExternalWaker&) = delete;
  ExternalWaker& operator=(const ExternalWaker&) = delete;
  ~ExternalWaker();

 private:
  friend ExternalWaker external_waker();
  ExternalWaker();
};
[[nodiscard]] ExternalWaker external_waker();

}  // namespace fiber

#endif  // FIBER_DEBUG_H
