// Condition variables: a wait gives the mutex back and takes it again. Signals make no edge:
// what a waiter may rely on it reads under the mutex, as POSIX and C++ say.
//
// Invariants
//   C1  A wait that ends by cancellation has the mutex, too, while the thread unwinds.
#include "detector/abi/hooks.h"
#include "detector/threads/act.h"

namespace fibersan {
namespace {

using WaitFunction = int (*)(pthread_cond_t*, pthread_mutex_t*);
using TimedWaitFunction = int (*)(pthread_cond_t*, pthread_mutex_t*, const timespec*);

// The versions that know today's pthread_cond_t; where there is one only it has another name.
constinit const Real<WaitFunction> real_wait{"pthread_cond_wait", "GLIBC_2.3.2"};
constinit const Real<TimedWaitFunction> real_timedwait{"pthread_cond_timedwait", "GLIBC_2.3.2"};
FIBERSAN_REAL(pthread_cond_clockwait);
FIBERSAN_REAL(cnd_wait);
FIBERSAN_REAL(cnd_timedwait);

// The mutex is not the caller's while one exists. It stays in the set of locks held: the caller
// does nothing meanwhile. Beside others it is taken anew at the end.
class MutexGivenBack {
 public:
  MutexGivenBack(const void* mutex, const Caller& caller)
      : mutex_(mutex), caller_(caller), seen_(act() != nullptr) {
    if (seen_) release_lock(*act(), mutex_, caller_);
  }
  ~MutexGivenBack() {
    if (seen_) acquire_lock_again(*act(), mutex_, caller_);
  }
  MutexGivenBack(const MutexGivenBack&) = delete;
  MutexGivenBack& operator=(const MutexGivenBack&) = delete;

 private:
  const void* mutex_;
  const Caller caller_;
  const bool seen_;
};

}  // namespace
}  // namespace fibersan

using namespace fibersan;

extern "C" {

int pthread_cond_wait(pthread_cond_t* condition, pthread_mutex_t* mutex) {
  const MutexGivenBack given_back(mutex, FIBERSAN_USER);
  return real_wait(condition, mutex);
}

int pthread_cond_timedwait(pthread_cond_t* condition, pthread_mutex_t* mutex,
                           const timespec* deadline) {
  const MutexGivenBack given_back(mutex, FIBERSAN_USER);
  return real_timedwait(condition, mutex, deadline);
}

int pthread_cond_clockwait(pthread_cond_t* condition, pthread_mutex_t* mutex, clockid_t clock,
                           const timespec* deadline) {
  const MutexGivenBack given_back(mutex, FIBERSAN_USER);
  return real_pthread_cond_clockwait(condition, mutex, clock, deadline);
}

int cnd_wait(cnd_t* condition, mtx_t* mutex) {
  const MutexGivenBack given_back(mutex, FIBERSAN_USER);
  return real_cnd_wait(condition, mutex);
}

int cnd_timedwait(cnd_t* condition, mtx_t* mutex, const timespec* deadline) {
  const MutexGivenBack given_back(mutex, FIBERSAN_USER);
  return real_cnd_timedwait(condition, mutex, deadline);
}

}  // extern "C"
