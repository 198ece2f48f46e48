// Mutexes and read-write locks of plain programs, in front of the C library's: they count those
// that know their thread, so that a fiber which holds one is not moved (detector/abi/hooks.h).
// Programs with the detector have detector/threads in this place.
//
// Cost:     a test and a jump for a normal mutex.
// Threads:  any. A call switches no fiber.
//
// Invariants
//   L1  The kind is read before the call: behind an unlock the mutex may be gone.
//   L2  A wait for a condition is not counted: it gives the mutex back and has it again when
//       it returns, and meanwhile the thread does nothing else.
//   L3  Readers of a read-write lock are not counted: it does not know them.
#include <errno.h>
#include <pthread.h>
#include <threads.h>

#include "detector/abi/hooks.h"
#include "runtime/thread_locks/real.h"

namespace fiber::internal {
namespace {

FIBER_REAL(pthread_mutex_lock);
FIBER_REAL(pthread_mutex_trylock);
FIBER_REAL(pthread_mutex_timedlock);
FIBER_REAL(pthread_mutex_clocklock);
FIBER_REAL(pthread_mutex_unlock);
FIBER_REAL(mtx_lock);
FIBER_REAL(mtx_trylock);
FIBER_REAL(mtx_timedlock);
FIBER_REAL(mtx_unlock);
FIBER_REAL(pthread_rwlock_wrlock);
FIBER_REAL(pthread_rwlock_trywrlock);
FIBER_REAL(pthread_rwlock_timedwrlock);
FIBER_REAL(pthread_rwlock_clockwrlock);
FIBER_REAL(pthread_rwlock_unlock);

bool knows_thread(const pthread_mutex_t* mutex) {
  return fsan_mutex_knows_thread(mutex->__data.__kind) != 0;
}
// The C library's mtx_t is a pthread_mutex_t.
bool knows_thread(const mtx_t* mutex) {
  return knows_thread(reinterpret_cast<const pthread_mutex_t*>(mutex));
}
// The caller is the writer, if there is one.
bool has_writer(const pthread_rwlock_t* lock) { return lock->__data.__cur_writer != 0; }

static_assert(thrd_success == 0);

// Returns `result`, of a call that has taken the lock or not.
int taken(int result) {
  if (result == 0 || result == EOWNERDEAD) fsan_thread_lock_taken();
  return result;
}
int returned(int result) {
  if (result == 0) fsan_thread_lock_returned();
  return result;
}

template <typename Lock, typename Mutex, typename... Deadline>
int take(const Lock& lock, Mutex* mutex, Deadline... deadline) {
  if (!knows_thread(mutex)) [[likely]]
    return lock(mutex, deadline...);
  return taken(lock(mutex, deadline...));
}
template <typename Unlock, typename Mutex>
int give_back(const Unlock& unlock, Mutex* mutex) {
  if (!knows_thread(mutex)) [[likely]]
    return unlock(mutex);
  return returned(unlock(mutex));
}

}  // namespace
}  // namespace fiber::internal

using namespace fiber::internal;

extern "C" {

int pthread_mutex_lock(pthread_mutex_t* mutex) noexcept {
  return take(real_pthread_mutex_lock, mutex);
}
int pthread_mutex_trylock(pthread_mutex_t* mutex) noexcept {
  return take(real_pthread_mutex_trylock, mutex);
}
int pthread_mutex_timedlock(pthread_mutex_t* mutex, const timespec* deadline) noexcept {
  return take(real_pthread_mutex_timedlock, mutex, deadline);
}
int pthread_mutex_clocklock(pthread_mutex_t* mutex, clockid_t clock,
                            const timespec* deadline) noexcept {
  return take(real_pthread_mutex_clocklock, mutex, clock, deadline);
}
int pthread_mutex_unlock(pthread_mutex_t* mutex) noexcept {
  return give_back(real_pthread_mutex_unlock, mutex);
}

int mtx_lock(mtx_t* mutex) { return take(real_mtx_lock, mutex); }
int mtx_trylock(mtx_t* mutex) { return take(real_mtx_trylock, mutex); }
int mtx_timedlock(mtx_t* mutex, const timespec* deadline) {
  return take(real_mtx_timedlock, mutex, deadline);
}
int mtx_unlock(mtx_t* mutex) { return give_back(real_mtx_unlock, mutex); }

int pthread_rwlock_wrlock(pthread_rwlock_t* lock) noexcept {
  return taken(real_pthread_rwlock_wrlock(lock));
}
int pthread_rwlock_trywrlock(pthread_rwlock_t* lock) noexcept {
  return taken(real_pthread_rwlock_trywrlock(lock));
}
int pthread_rwlock_timedwrlock(pthread_rwlock_t* lock, const timespec* deadline) noexcept {
  return taken(real_pthread_rwlock_timedwrlock(lock, deadline));
}
int pthread_rwlock_clockwrlock(pthread_rwlock_t* lock, clockid_t clock,
                               const timespec* deadline) noexcept {
  return taken(real_pthread_rwlock_clockwrlock(lock, clock, deadline));
}
int pthread_rwlock_unlock(pthread_rwlock_t* lock) noexcept {
  if (!has_writer(lock)) return real_pthread_rwlock_unlock(lock);
  return returned(real_pthread_rwlock_unlock(lock));
}

}  // extern "C"
