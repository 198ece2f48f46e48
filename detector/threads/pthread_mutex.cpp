// Mutexes and spin locks: pthread_mutex_*, and so std::mutex and its kin; pthread_spin_*.
//
// Invariants
//   X1  An edge for what succeeded only; the release comes before the system's unlock, after
//       which somebody else may have the lock already.
//   X2  A lock taken again by its owner is one more entry in its set of locks held.
//   X3  A mutex that knows its thread is counted for it (abi/hooks.h), in whoever's name the call
//       is; its kind is read before an unlock, behind which the mutex may be gone.
#include <errno.h>

#include "detector/race/sync_table.h"
#include "detector/threads/act.h"

namespace fibersan {
namespace {

FIBERSAN_REAL(pthread_mutex_lock);
FIBERSAN_REAL(pthread_mutex_trylock);
FIBERSAN_REAL(pthread_mutex_timedlock);
FIBERSAN_REAL(pthread_mutex_clocklock);
FIBERSAN_REAL(pthread_mutex_unlock);
FIBERSAN_REAL(pthread_mutex_destroy);
FIBERSAN_REAL(pthread_spin_lock);
FIBERSAN_REAL(pthread_spin_trylock);
FIBERSAN_REAL(pthread_spin_unlock);
FIBERSAN_REAL(pthread_spin_destroy);
FIBERSAN_REAL(mtx_lock);
FIBERSAN_REAL(mtx_trylock);
FIBERSAN_REAL(mtx_timedlock);
FIBERSAN_REAL(mtx_unlock);
FIBERSAN_REAL(mtx_destroy);

const void* plain(const volatile void* lock) { return const_cast<const void*>(lock); }

void locked(const volatile void* lock, fsan_lock_mode mode, const Caller& caller) {
  if (fsan_fiber* fiber = act()) note_lock_acquired(*fiber, plain(lock), mode, caller, true);
}

void unlocks(const volatile void* lock, const Caller& caller) {
  if (fsan_fiber* fiber = act()) note_lock_released(*fiber, plain(lock), FSAN_LOCK_WRITE, caller);
}

// X3
bool knows_thread(const pthread_mutex_t* mutex) {
  return fsan_mutex_knows_thread(mutex->__data.__kind) != 0;
}
// The C library's mtx_t is a pthread_mutex_t.
bool knows_thread(const mtx_t* mutex) {
  return knows_thread(reinterpret_cast<const pthread_mutex_t*>(mutex));
}

// The owner of a robust mutex has died, and the caller has it now.
bool has_it(int result) { return result == 0 || result == EOWNERDEAD; }
static_assert(thrd_success == 0);

// Returns `result`, of a call that has taken the mutex or not.
template <typename Mutex>
int locks(int result, Mutex* mutex, fsan_lock_mode mode, const Caller& caller) {
  if (!has_it(result)) return result;
  if (knows_thread(mutex)) fsan_thread_lock_taken();
  locked(mutex, mode, caller);
  return result;
}

template <typename Unlock, typename Mutex>
int unlocked_by(const Unlock& unlock, Mutex* mutex, const Caller& caller) {
  unlocks(mutex, caller);
  if (!knows_thread(mutex)) return unlock(mutex);
  const int result = unlock(mutex);
  if (result == 0) fsan_thread_lock_returned();
  return result;
}

// The next lock at this place is another one.
void destroyed(const volatile void* lock, size_t size) {
  if (act() != nullptr) forget_syncs(reinterpret_cast<uintptr_t>(plain(lock)), size);
}

}  // namespace
}  // namespace fibersan

using namespace fibersan;

extern "C" {

int pthread_mutex_lock(pthread_mutex_t* mutex) noexcept {
  return locks(real_pthread_mutex_lock(mutex), mutex, FSAN_LOCK_WRITE, FIBERSAN_USER);
}

int pthread_mutex_trylock(pthread_mutex_t* mutex) noexcept {
  return locks(real_pthread_mutex_trylock(mutex), mutex, FSAN_LOCK_TRY_WRITE, FIBERSAN_USER);
}

int pthread_mutex_timedlock(pthread_mutex_t* mutex, const timespec* deadline) noexcept {
  return locks(real_pthread_mutex_timedlock(mutex, deadline), mutex, FSAN_LOCK_TRY_WRITE,
               FIBERSAN_USER);
}

int pthread_mutex_clocklock(pthread_mutex_t* mutex, clockid_t clock,
                            const timespec* deadline) noexcept {
  return locks(real_pthread_mutex_clocklock(mutex, clock, deadline), mutex, FSAN_LOCK_TRY_WRITE,
               FIBERSAN_USER);
}

int pthread_mutex_unlock(pthread_mutex_t* mutex) noexcept {
  return unlocked_by(real_pthread_mutex_unlock, mutex, FIBERSAN_USER);
}

int pthread_mutex_destroy(pthread_mutex_t* mutex) noexcept {
  const int result = real_pthread_mutex_destroy(mutex);
  if (result == 0) destroyed(mutex, sizeof *mutex);
  return result;
}

int pthread_spin_lock(pthread_spinlock_t* lock) noexcept {
  const int result = real_pthread_spin_lock(lock);
  if (result == 0) locked(lock, FSAN_LOCK_WRITE, FIBERSAN_USER);
  return result;
}

int pthread_spin_trylock(pthread_spinlock_t* lock) noexcept {
  const int result = real_pthread_spin_trylock(lock);
  if (result == 0) locked(lock, FSAN_LOCK_TRY_WRITE, FIBERSAN_USER);
  return result;
}

int pthread_spin_unlock(pthread_spinlock_t* lock) noexcept {
  unlocks(lock, FIBERSAN_USER);
  return real_pthread_spin_unlock(lock);
}

int pthread_spin_destroy(pthread_spinlock_t* lock) noexcept {
  const int result = real_pthread_spin_destroy(lock);
  if (result == 0) destroyed(lock, sizeof *lock);
  return result;
}

int mtx_lock(mtx_t* mutex) {
  return locks(real_mtx_lock(mutex), mutex, FSAN_LOCK_WRITE, FIBERSAN_USER);
}

int mtx_trylock(mtx_t* mutex) {
  return locks(real_mtx_trylock(mutex), mutex, FSAN_LOCK_TRY_WRITE, FIBERSAN_USER);
}

int mtx_timedlock(mtx_t* mutex, const timespec* deadline) {
  return locks(real_mtx_timedlock(mutex, deadline), mutex, FSAN_LOCK_TRY_WRITE, FIBERSAN_USER);
}

int mtx_unlock(mtx_t* mutex) { return unlocked_by(real_mtx_unlock, mutex, FIBERSAN_USER); }

void mtx_destroy(mtx_t* mutex) {
  real_mtx_destroy(mutex);
  destroyed(mutex, sizeof *mutex);
}

}  // extern "C"
