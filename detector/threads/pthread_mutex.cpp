// Mutexes and spin locks: pthread_mutex_*, and so std::mutex and its kin; pthread_spin_*.
//
// Invariants
//   X1  An edge for what succeeded only; the release comes before the system's unlock, after
//       which somebody else may have the lock already.
//   X2  A lock taken again by its owner is one more entry in its set of locks held.
#include <errno.h>

#include "detector/race/sync_table.h"
#include "detector/threads/real.h"

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
  if (fsan_fiber* fiber = act()) note_lock_acquired(*fiber, plain(lock), mode, caller);
}

void unlocks(const volatile void* lock, const Caller& caller) {
  if (fsan_fiber* fiber = act()) note_lock_released(*fiber, plain(lock), FSAN_LOCK_WRITE, caller);
}

// The next lock at this place is another one.
void destroyed(const volatile void* lock, size_t size) {
  if (act() != nullptr) sync_table.forget(reinterpret_cast<uintptr_t>(plain(lock)), size);
}

// The owner of a robust mutex has died, and the caller has it now.
bool has_it(int result) { return result == 0 || result == EOWNERDEAD; }

}  // namespace
}  // namespace fibersan

using namespace fibersan;

extern "C" {

int pthread_mutex_lock(pthread_mutex_t* mutex) noexcept {
  const int result = real_pthread_mutex_lock(mutex);
  if (has_it(result)) locked(mutex, FSAN_LOCK_WRITE, FIBERSAN_USER);
  return result;
}

int pthread_mutex_trylock(pthread_mutex_t* mutex) noexcept {
  const int result = real_pthread_mutex_trylock(mutex);
  if (has_it(result)) locked(mutex, FSAN_LOCK_TRY_WRITE, FIBERSAN_USER);
  return result;
}

int pthread_mutex_timedlock(pthread_mutex_t* mutex, const timespec* deadline) noexcept {
  const int result = real_pthread_mutex_timedlock(mutex, deadline);
  if (has_it(result)) locked(mutex, FSAN_LOCK_WRITE, FIBERSAN_USER);
  return result;
}

int pthread_mutex_clocklock(pthread_mutex_t* mutex, clockid_t clock,
                            const timespec* deadline) noexcept {
  const int result = real_pthread_mutex_clocklock(mutex, clock, deadline);
  if (has_it(result)) locked(mutex, FSAN_LOCK_WRITE, FIBERSAN_USER);
  return result;
}

int pthread_mutex_unlock(pthread_mutex_t* mutex) noexcept {
  unlocks(mutex, FIBERSAN_USER);
  return real_pthread_mutex_unlock(mutex);
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
  const int result = real_mtx_lock(mutex);
  if (result == thrd_success) locked(mutex, FSAN_LOCK_WRITE, FIBERSAN_USER);
  return result;
}

int mtx_trylock(mtx_t* mutex) {
  const int result = real_mtx_trylock(mutex);
  if (result == thrd_success) locked(mutex, FSAN_LOCK_TRY_WRITE, FIBERSAN_USER);
  return result;
}

int mtx_timedlock(mtx_t* mutex, const timespec* deadline) {
  const int result = real_mtx_timedlock(mutex, deadline);
  if (result == thrd_success) locked(mutex, FSAN_LOCK_WRITE, FIBERSAN_USER);
  return result;
}

int mtx_unlock(mtx_t* mutex) {
  unlocks(mutex, FIBERSAN_USER);
  return real_mtx_unlock(mutex);
}

void mtx_destroy(mtx_t* mutex) {
  real_mtx_destroy(mutex);
  destroyed(mutex, sizeof *mutex);
}

}  // extern "C"
