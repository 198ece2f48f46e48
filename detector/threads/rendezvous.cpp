// Barriers and semaphores.
//
// Invariants
//   V1  A post happens before every wait that comes after it: which wait took which post is
//       not known, so this may hide a race, and invents none.
//   V2  Who leaves a barrier knows what all knew that arrived in the same round. Two Syncs in
//       turns: nobody can arrive in the round after next before all have left this one, when
//       as many threads use the barrier as it counts. With more the round is a guess, and
//       Syncs are never cleared, so that a wrong guess still finds more than it should.
#include <cstdarg>

#include "detector/abi/hooks.h"
#include "detector/race/address_table.h"
#include "detector/race/sync_table.h"
#include "detector/threads/act.h"
#include "detector/threads/interrupted.h"

namespace fibersan {
namespace {

FIBERSAN_REAL(pthread_barrier_init);
FIBERSAN_REAL(pthread_barrier_wait);
FIBERSAN_REAL(pthread_barrier_destroy);
FIBERSAN_REAL(sem_init);
FIBERSAN_REAL(sem_destroy);
FIBERSAN_REAL(sem_post);
FIBERSAN_REAL(sem_wait);
FIBERSAN_REAL(sem_trywait);
FIBERSAN_REAL(sem_timedwait);
FIBERSAN_REAL(sem_clockwait);

struct Barrier {
  unsigned count = 1;
  uint64_t arrived = 0;
};
using Barriers = AddressTable<Barrier>;
Barriers barriers;  // rank 7

// The place of the Sync of the round that the caller arrives in.
const void* arrive(const pthread_barrier_t* barrier) {
  Barriers::Locked place(barriers, barrier);
  Barrier& known = place.make();
  const uint64_t round = known.arrived++ / known.count;
  return reinterpret_cast<const char*>(barrier) + (round & 1);
}

void begins(const void* object, size_t size) {
  if (act() != nullptr) sync_table.forget(reinterpret_cast<uintptr_t>(object), size);
}

void waited(int result, const sem_t* semaphore) {
  if (result == 0 && act() != nullptr) __fsan_acquire(semaphore);
}

}  // namespace
}  // namespace fibersan

using namespace fibersan;

extern "C" {

int pthread_barrier_init(pthread_barrier_t* barrier, const pthread_barrierattr_t* attributes,
                         unsigned count) noexcept {
  const int result = real_pthread_barrier_init(barrier, attributes, count);
  if (result != 0 || act() == nullptr) return result;
  begins(barrier, sizeof *barrier);
  Barriers::Locked place(barriers, barrier);
  place.make() = {.count = count};
  return result;
}

int pthread_barrier_wait(pthread_barrier_t* barrier) noexcept {
  if (act() == nullptr) return real_pthread_barrier_wait(barrier);
  const void* const sync = arrive(barrier);
  __fsan_merge(sync);
  const int result = real_pthread_barrier_wait(barrier);
  __fsan_acquire(sync);
  return result;
}

int pthread_barrier_destroy(pthread_barrier_t* barrier) noexcept {
  const int result = real_pthread_barrier_destroy(barrier);
  if (result == 0 && act() != nullptr) {
    begins(barrier, sizeof *barrier);
    barriers.forget(reinterpret_cast<uintptr_t>(barrier), sizeof *barrier);
  }
  return result;
}

int sem_init(sem_t* semaphore, int shared, unsigned value) noexcept {
  const int result = real_sem_init(semaphore, shared, value);
  if (result == 0) begins(semaphore, sizeof *semaphore);
  return result;
}

int sem_destroy(sem_t* semaphore) noexcept {
  const int result = real_sem_destroy(semaphore);
  if (result == 0) begins(semaphore, sizeof *semaphore);
  return result;
}

int sem_post(sem_t* semaphore) noexcept {
  if (act() != nullptr) __fsan_merge(semaphore);
  return real_sem_post(semaphore);
}

int sem_wait(sem_t* semaphore) {
  const int result = go_on_waiting([&] { return real_sem_wait(semaphore); });
  waited(result, semaphore);
  return result;
}

int sem_trywait(sem_t* semaphore) noexcept {
  const int result = real_sem_trywait(semaphore);
  waited(result, semaphore);
  return result;
}

int sem_timedwait(sem_t* semaphore, const timespec* deadline) {
  const int result = go_on_waiting([&] { return real_sem_timedwait(semaphore, deadline); });
  waited(result, semaphore);
  return result;
}

int sem_clockwait(sem_t* semaphore, clockid_t clock, const timespec* deadline) {
  const int result = go_on_waiting([&] { return real_sem_clockwait(semaphore, clock, deadline); });
  waited(result, semaphore);
  return result;
}

}  // extern "C"
