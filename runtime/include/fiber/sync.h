// sync.h: locks and the other ways in which fibers wait for each other.
//
// Semantics: Go's sync package where it has the thing, std's names and rules otherwise,
//            so that std::scoped_lock, std::unique_lock and std::shared_lock just work.
// Threads:   every member from any fiber, also outside of run() and from threads that
//            run no fiber: those block as threads.
// Errors:    misuse is a finding first, then an exception (error.h).
//
// Invariants
//   I1  Every object is constant-initialised where its arguments are constants, and may
//       be used by constructors of globals.
//   I2  An object may be destroyed as soon as its last operation is seen to have
//       finished: whoever made that visible does not touch the object afterwards.
#ifndef FIBER_SYNC_H
#define FIBER_SYNC_H

#include <fiber/sync_state.h>
#include <chrono>
#include <condition_variable>  // std::cv_status
#include <cstddef>
#include <cstdint>
#include <functional>
#include <type_traits>
#include <utility>

#ifndef FIBERSAN
// 0 in a program without a detector (detector/abi/hooks.h).
extern "C" const std::uint8_t __fsan_listening;
#endif

namespace fiber {

namespace internal {

enum class SyncKind : std::uint8_t {
  kMutex,
  kRwMutex,
  kCondition,
  kOnce,
  kSemaphore,
  kBarrier,
  kLatch,
  kWaitGroup,
};

// Tells the detector. Objects that are constant-initialised are known by their first use.
void sync_object_created(const void* object, std::size_t size, SyncKind kind) noexcept;

inline constexpr std::uint64_t kMutexLocked = 4;

// Mutex's short way, where nobody contends and no detector has to hear of it: one word from
// `from` to `to`. Instrumented code always takes the library's way.
inline bool step_unheard([[maybe_unused]] std::atomic<std::uint64_t>& word,
                         [[maybe_unused]] std::uint64_t from, [[maybe_unused]] std::uint64_t to,
                         [[maybe_unused]] std::memory_order order) noexcept {
#ifdef FIBERSAN
  return false;
#else
  return __fsan_listening == 0 &&
         word.compare_exchange_strong(from, to, order, std::memory_order_relaxed);
#endif
}

}  // namespace internal

// Belongs to the fiber that locked it. Not recursive: a fiber that locks it twice waits
// for itself (finding "double lock"); outside of fibers that throws Deadlock. Unlocking by
// another fiber works, as in Go, and is the finding "unlock by non-owner".
//
// Fairness is Go's: usually who runs takes the lock; a fiber that has waited for longer
// than 1 ms gets it handed over, and until nobody waits so long all queue up.
class Mutex {
 public:
  constexpr Mutex() noexcept {
    if (!__builtin_is_constant_evaluated())
      internal::sync_object_created(this, sizeof(*this), internal::SyncKind::kMutex);
  }
  ~Mutex();
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

  void lock() {
    // acquire [A2], release [R2]: runtime/sync/mutex.cpp.
    if (!internal::step_unheard(state_.word, 0, internal::kMutexLocked, std::memory_order_acquire))
      lock_in_library();
  }
  bool try_lock();
  void unlock() {  // throws UnlockOfUnlocked
    if (!internal::step_unheard(state_.word, internal::kMutexLocked, 0, std::memory_order_release))
      unlock_in_library();
  }

  template <class Rep, class Period>
  bool try_lock_for(const std::chrono::duration<Rep, Period>& duration) {
    return lock_before(internal::deadline_after(duration));
  }
  template <class Clock, class Duration>
  bool try_lock_until(const std::chrono::time_point<Clock, Duration>& time) {
    return lock_before(internal::deadline_at(time));
  }

 private:
  bool lock_before(internal::Deadline deadline);
  void lock_in_library();
  void unlock_in_library();
  void refuse_to_wait_for_nobody();
  bool wait_for_lock(internal::Deadline deadline);
  void unlock_and_wake();
  void owned();

  internal::SyncState state_;
  // Id of the fiber or thread; 0: nobody. Kept while a detector listens.
  std::atomic<std::uint64_t> owner_{0};
};

// Many readers or one writer. A writer that waits keeps new readers out; when a writer
// unlocks, the readers that wait come first. A fiber must not read-lock twice: a writer
// that comes in between blocks both (finding "recursive read lock"), as Go prohibits it.
class RwMutex {
 public:
  constexpr RwMutex() noexcept {
    if (!__builtin_is_constant_evaluated())
      internal::sync_object_created(this, sizeof(*this), internal::SyncKind::kRwMutex);
  }
  ~RwMutex();
  RwMutex(const RwMutex&) = delete;
  RwMutex& operator=(const RwMutex&) = delete;

  void lock();
  bool try_lock();
  void unlock();  // throws UnlockOfUnlocked

  void lock_shared();
  bool try_lock_shared();
  void unlock_shared();  // throws UnlockOfUnlocked

  template <class Rep, class Period>
  bool try_lock_for(const std::chrono::duration<Rep, Period>& duration) {
    return lock_before(internal::deadline_after(duration));
  }
  template <class Clock, class Duration>
  bool try_lock_until(const std::chrono::time_point<Clock, Duration>& time) {
    return lock_before(internal::deadline_at(time));
  }
  template <class Rep, class Period>
  bool try_lock_shared_for(const std::chrono::duration<Rep, Period>& duration) {
    return lock_shared_before(internal::deadline_after(duration));
  }
  template <class Clock, class Duration>
  bool try_lock_shared_until(const std::chrono::time_point<Clock, Duration>& time) {
    return lock_shared_before(internal::deadline_at(time));
  }

 private:
  struct Grant;
  bool lock_before(internal::Deadline deadline);
  bool lock_shared_before(internal::Deadline deadline);
  bool wait_for_write(internal::Deadline deadline);
  bool wait_for_read(internal::Deadline deadline);
  Grant grant(std::uint64_t word, bool readers_first) __attribute__((requires_capability(state_)));

  internal::SyncState state_;  // its list: the writers that wait
  internal::Waiter* first_reader_ __attribute__((guarded_by(state_))) = nullptr;
  internal::Waiter* last_reader_ __attribute__((guarded_by(state_))) = nullptr;
  std::atomic<std::uint64_t> writer_{0};  // id of the fiber or thread; 0: nobody
};

// Waits with any lock, as std::condition_variable_any: Mutex, RwMutex, std::unique_lock,
// std::shared_lock. What happened before a notify happens before the wait that it ends
// returns. There are no spurious wake-ups, but a predicate can be false again by the time
// the lock is taken.
class ConditionVariable {
 public:
  constexpr ConditionVariable() noexcept {
    if (!__builtin_is_constant_evaluated())
      internal::sync_object_created(this, sizeof(*this), internal::SyncKind::kCondition);
  }
  ~ConditionVariable();
  ConditionVariable(const ConditionVariable&) = delete;
  ConditionVariable& operator=(const ConditionVariable&) = delete;

  void notify_one() noexcept;
  void notify_all() noexcept;

  template <class Lock>
  void wait(Lock& lock) {
    wait_before(lock_functions(lock), &lock, internal::kNoDeadline);
  }
  template <class Lock, class Predicate>
  void wait(Lock& lock, Predicate predicate) {
    while (!predicate()) wait(lock);
  }
  template <class Lock, class Rep, class Period>
  std::cv_status wait_for(Lock& lock, const std::chrono::duration<Rep, Period>& duration) {
    return status(wait_before(lock_functions(lock), &lock, internal::deadline_after(duration)));
  }
  template <class Lock, class Clock, class Duration>
  std::cv_status wait_until(Lock& lock, const std::chrono::time_point<Clock, Duration>& time) {
    return status(wait_before(lock_functions(lock), &lock, internal::deadline_at(time)));
  }
  // Both return what the predicate says in the end.
  template <class Lock, class Rep, class Period, class Predicate>
  bool wait_for(Lock& lock, const std::chrono::duration<Rep, Period>& duration,
                Predicate predicate) {
    return wait_until(lock, internal::deadline_after(duration), std::move(predicate));
  }
  template <class Lock, class Clock, class Duration, class Predicate>
  bool wait_until(Lock& lock, const std::chrono::time_point<Clock, Duration>& time,
                  Predicate predicate) {
    while (!predicate())
      if (wait_until(lock, time) == std::cv_status::timeout) return predicate();
    return true;
  }

 private:
  struct LockFunctions {
    void (*unlock)(void*);
    void (*lock)(void*);
  };
  template <class Lock>
  static LockFunctions lock_functions(Lock&) {
    return {[](void* lock) { static_cast<Lock*>(lock)->unlock(); },
            [](void* lock) { static_cast<Lock*>(lock)->lock(); }};
  }
  static std::cv_status status(bool notified) {
    return notified ? std::cv_status::no_timeout : std::cv_status::timeout;
  }
  bool wait_before(LockFunctions functions, void* lock, internal::Deadline deadline);

  internal::SyncState state_;
};

// Runs one function once, whoever comes first; the others wait until it is done. As in
// Go, a function that throws counts as done. A function that calls its own Once waits
// for itself.
class Once {
 public:
  constexpr Once() noexcept {
    if (!__builtin_is_constant_evaluated())
      internal::sync_object_created(this, sizeof(*this), internal::SyncKind::kOnce);
  }
  ~Once();
  Once(const Once&) = delete;
  Once& operator=(const Once&) = delete;

  // What the function did happens before every call() returns.
  template <class F, class... Args>
  void call(F&& function, Args&&... args) {
    if (!begin()) return;
    struct End {
      Once& once;
      ~End() { once.end(); }
    } end{*this};
    std::invoke(std::forward<F>(function), std::forward<Args>(args)...);
  }
  bool done() const noexcept;  // gives no order; call() does

 private:
  bool begin();  // true: the caller is to run the function and call end()
  void end() noexcept;

  internal::SyncState state_;
  std::atomic<std::uint64_t> runner_{0};  // while a detector listens: who runs the function
};

// std's spelling.
template <class F, class... Args>
void call_once(Once& once, F&& function, Args&&... args) {
  once.call(std::forward<F>(function), std::forward<Args>(args)...);
}

// Permits that any fiber may give back: for hand-offs, and to bound how many do a thing.
// First come, first served: a large request is not overtaken by small ones.
class Semaphore {
 public:
  constexpr explicit Semaphore(std::uint32_t permits) noexcept : state_(permits) {
    if (!__builtin_is_constant_evaluated())
      internal::sync_object_created(this, sizeof(*this), internal::SyncKind::kSemaphore);
  }
  ~Semaphore();
  Semaphore(const Semaphore&) = delete;
  Semaphore& operator=(const Semaphore&) = delete;

  // What happened before the release() of a permit happens before acquire() returns.
  void acquire(std::uint32_t permits = 1);
  bool try_acquire(std::uint32_t permits = 1);
  void release(std::uint32_t permits = 1);

  template <class Rep, class Period>
  bool try_acquire_for(const std::chrono::duration<Rep, Period>& duration,
                       std::uint32_t permits = 1) {
    return acquire_before(permits, internal::deadline_after(duration));
  }
  template <class Clock, class Duration>
  bool try_acquire_until(const std::chrono::time_point<Clock, Duration>& time,
                         std::uint32_t permits = 1) {
    return acquire_before(permits, internal::deadline_at(time));
  }

 private:
  bool acquire_before(std::uint32_t permits, internal::Deadline deadline);

  internal::SyncState state_;  // payload: permits that nobody holds
};

// A meeting point that is used again and again: who arrives waits until all have arrived.
class Barrier {
 public:
  constexpr explicit Barrier(std::uint32_t participants) noexcept
      : state_(participants), participants_(participants) {
    if (!__builtin_is_constant_evaluated())
      internal::sync_object_created(this, sizeof(*this), internal::SyncKind::kBarrier);
  }
  ~Barrier();
  Barrier(const Barrier&) = delete;
  Barrier& operator=(const Barrier&) = delete;

  // What each participant did before it arrived happens before every arrive_and_wait() of
  // the same round returns. Both throw Error when more arrive than take part.
  void arrive_and_wait();
  void arrive_and_drop();  // and takes part no longer; does not wait

 private:
  void arrive(bool wait);

  internal::SyncState state_;  // payload: participants missing in this round
  std::uint32_t participants_ __attribute__((guarded_by(state_)));
  std::uint32_t round_ __attribute__((guarded_by(state_))) = 0;
};

// Counts down to zero once; whoever waits goes on then.
class Latch {
 public:
  constexpr explicit Latch(std::uint32_t count) noexcept : state_(count) {
    if (!__builtin_is_constant_evaluated())
      internal::sync_object_created(this, sizeof(*this), internal::SyncKind::kLatch);
  }
  ~Latch();
  Latch(const Latch&) = delete;
  Latch& operator=(const Latch&) = delete;

  void count_down(std::uint32_t by = 1);  // throws Error below zero
  bool try_wait() noexcept;               // true: the count is zero
  // What happened before each count_down() happens before wait() returns.
  void wait();
  void arrive_and_wait(std::uint32_t by = 1) {
    count_down(by);
    wait();
  }

 private:
  internal::SyncState state_;  // payload: what is missing
};

}  // namespace fiber

#endif  // FIBER_SYNC_H
