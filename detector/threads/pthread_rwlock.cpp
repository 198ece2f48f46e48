// Read-write locks: pthread_rwlock_*, and so std::shared_mutex and std::shared_timed_mutex.
//
// Invariants
//   W1  Its one unlock function does not say what is unlocked: a place is in `written` while
//       a writer has the lock.
//   W2  Writers are counted for their thread, which the lock knows (abi/hooks.h).
#include "detector/race/sync_table.h"
#include "detector/threads/act.h"

namespace fibersan {
namespace {

FIBERSAN_REAL(pthread_rwlock_rdlock);
FIBERSAN_REAL(pthread_rwlock_tryrdlock);
FIBERSAN_REAL(pthread_rwlock_timedrdlock);
FIBERSAN_REAL(pthread_rwlock_clockrdlock);
FIBERSAN_REAL(pthread_rwlock_wrlock);
FIBERSAN_REAL(pthread_rwlock_trywrlock);
FIBERSAN_REAL(pthread_rwlock_timedwrlock);
FIBERSAN_REAL(pthread_rwlock_clockwrlock);
FIBERSAN_REAL(pthread_rwlock_unlock);
FIBERSAN_REAL(pthread_rwlock_destroy);

using Places = AddressTable<bool>;
Places written;  // rank 7

void set_written(const void* lock, bool by_writer) {
  Places::Locked place(written, lock);
  if (by_writer) {
    place.make() = true;
  } else if (bool* known = place.find()) {
    *known = false;
  }
}

bool is_written(const void* lock) {
  Places::Locked place(written, lock);
  const bool* known = place.find();
  return known != nullptr && *known;
}

void locked(int result, const void* lock, fsan_lock_mode mode, const Caller& caller) {
  if (result != 0) return;
  const bool writer = (mode & FSAN_LOCK_READ) == 0;
  if (writer) fsan_thread_lock_taken();
  fsan_fiber* const fiber = act();
  if (fiber == nullptr) return;
  if (writer) set_written(lock, true);
  note_lock_acquired(*fiber, lock, mode, caller, true);
}

void unlocks(const void* lock, const Caller& caller) {
  fsan_fiber* const fiber = act();
  if (fiber == nullptr) return;
  const bool writer = is_written(lock);
  if (writer) set_written(lock, false);
  note_lock_released(*fiber, lock, writer ? FSAN_LOCK_WRITE : FSAN_LOCK_READ, caller);
}

}  // namespace
}  // namespace fibersan

using namespace fibersan;

extern "C" {

int pthread_rwlock_rdlock(pthread_rwlock_t* lock) noexcept {
  const int result = real_pthread_rwlock_rdlock(lock);
  locked(result, lock, FSAN_LOCK_READ, FIBERSAN_USER);
  return result;
}

int pthread_rwlock_tryrdlock(pthread_rwlock_t* lock) noexcept {
  const int result = real_pthread_rwlock_tryrdlock(lock);
  locked(result, lock, FSAN_LOCK_TRY_READ, FIBERSAN_USER);
  return result;
}

int pthread_rwlock_timedrdlock(pthread_rwlock_t* lock, const timespec* deadline) noexcept {
  const int result = real_pthread_rwlock_timedrdlock(lock, deadline);
  locked(result, lock, FSAN_LOCK_TRY_READ, FIBERSAN_USER);
  return result;
}

int pthread_rwlock_clockrdlock(pthread_rwlock_t* lock, clockid_t clock,
                               const timespec* deadline) noexcept {
  const int result = real_pthread_rwlock_clockrdlock(lock, clock, deadline);
  locked(result, lock, FSAN_LOCK_TRY_READ, FIBERSAN_USER);
  return result;
}

int pthread_rwlock_wrlock(pthread_rwlock_t* lock) noexcept {
  const int result = real_pthread_rwlock_wrlock(lock);
  locked(result, lock, FSAN_LOCK_WRITE, FIBERSAN_USER);
  return result;
}

int pthread_rwlock_trywrlock(pthread_rwlock_t* lock) noexcept {
  const int result = real_pthread_rwlock_trywrlock(lock);
  locked(result, lock, FSAN_LOCK_TRY_WRITE, FIBERSAN_USER);
  return result;
}

int pthread_rwlock_timedwrlock(pthread_rwlock_t* lock, const timespec* deadline) noexcept {
  const int result = real_pthread_rwlock_timedwrlock(lock, deadline);
  locked(result, lock, FSAN_LOCK_TRY_WRITE, FIBERSAN_USER);
  return result;
}

int pthread_rwlock_clockwrlock(pthread_rwlock_t* lock, clockid_t clock,
                               const timespec* deadline) noexcept {
  const int result = real_pthread_rwlock_clockwrlock(lock, clock, deadline);
  locked(result, lock, FSAN_LOCK_TRY_WRITE, FIBERSAN_USER);
  return result;
}

int pthread_rwlock_unlock(pthread_rwlock_t* lock) noexcept {
  unlocks(lock, FIBERSAN_USER);
  const bool writer = lock->__data.__cur_writer != 0;  // the caller, if there is one
  const int result = real_pthread_rwlock_unlock(lock);
  if (result == 0 && writer) fsan_thread_lock_returned();
  return result;
}

int pthread_rwlock_destroy(pthread_rwlock_t* lock) noexcept {
  const int result = real_pthread_rwlock_destroy(lock);
  if (result == 0 && act() != nullptr) {
    const auto address = reinterpret_cast<uintptr_t>(lock);
    forget_syncs(address, sizeof *lock);
    written.forget(address, sizeof *lock);
  }
  return result;
}

}  // extern "C"
