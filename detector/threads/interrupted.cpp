// Waits of the C library that end with EINTR for every signal (interrupted.h), in front of its own.
//
// Not here: waits for semaphores, see rendezvous.cpp. What the kernel restarts by itself
// (SA_RESTART: read, accept, futexes without a time-out, waitpid, ...) and what the C library does
// (pthread_cond_timedwait, sigwait, ...) goes on without us.
#include "detector/threads/interrupted.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/msg.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <unistd.h>

#include "detector/threads/act.h"

extern "C" {
int __poll_chk(pollfd* entries, nfds_t count, int timeout, size_t room);
int __ppoll_chk(pollfd* entries, nfds_t count, const timespec* timeout, const sigset_t* mask,
                size_t room);
}

namespace fibersan {
namespace {

FIBERSAN_REAL(poll);
FIBERSAN_REAL(ppoll);
FIBERSAN_REAL(__poll_chk);
FIBERSAN_REAL(__ppoll_chk);
FIBERSAN_REAL(select);
FIBERSAN_REAL(pselect);
FIBERSAN_REAL(epoll_wait);
FIBERSAN_REAL(epoll_pwait);
FIBERSAN_REAL(epoll_pwait2);
FIBERSAN_REAL(clock_nanosleep);
FIBERSAN_REAL(pause);
FIBERSAN_REAL(sigsuspend);
FIBERSAN_REAL(sigwaitinfo);
FIBERSAN_REAL(sigtimedwait);
FIBERSAN_REAL(msgrcv);
FIBERSAN_REAL(msgsnd);
FIBERSAN_REAL(semop);
FIBERSAN_REAL(semtimedop);

// An error number. `left` may be null, and is written as the kernel does: when it is interrupted.
int sleep_on(clockid_t clock, int flags, const timespec* wanted, timespec* left) {
  const InterruptionsSince interruptions;
  timespec rest;
  for (;;) {
    const int error = real_clock_nanosleep(clock, flags, wanted, &rest);
    if (error != EINTR) return error;
    const bool relative = (flags & TIMER_ABSTIME) == 0;
    if (!interruptions.were_only_own()) {
      if (relative && left != nullptr) *left = rest;
      return error;
    }
    if (relative) wanted = &rest;
  }
}

int with_errno(int error) {
  if (error == 0) return 0;
  errno = error;
  return -1;
}

}  // namespace
}  // namespace fibersan

using namespace fibersan;

extern "C" {

// --- descriptors ---

int poll(pollfd* entries, nfds_t count, int timeout) {
  return go_on_waiting_for(timeout, [&](int left) { return real_poll(entries, count, left); });
}
int __poll_chk(pollfd* entries, nfds_t count, int timeout, size_t room) {
  return go_on_waiting_for(timeout,
                           [&](int left) { return real___poll_chk(entries, count, left, room); });
}
int ppoll(pollfd* entries, nfds_t count, const timespec* timeout, const sigset_t* mask) {
  return go_on_waiting_for(
      timeout, [&](const timespec* left) { return real_ppoll(entries, count, left, mask); });
}
int __ppoll_chk(pollfd* entries, nfds_t count, const timespec* timeout, const sigset_t* mask,
                size_t room) {
  return go_on_waiting_for(timeout, [&](const timespec* left) {
    return real___ppoll_chk(entries, count, left, mask, room);
  });
}
// The kernel says in `timeout` what is left, and leaves the sets alone.
int select(int end, fd_set* in, fd_set* out, fd_set* other, timeval* timeout) {
  return go_on_waiting([&] { return real_select(end, in, out, other, timeout); });
}
int pselect(int end, fd_set* in, fd_set* out, fd_set* other, const timespec* timeout,
            const sigset_t* mask) {
  return go_on_waiting_for(
      timeout, [&](const timespec* left) { return real_pselect(end, in, out, other, left, mask); });
}
int epoll_wait(int epoll, epoll_event* events, int room, int timeout) {
  return go_on_waiting_for(timeout,
                           [&](int left) { return real_epoll_wait(epoll, events, room, left); });
}
int epoll_pwait(int epoll, epoll_event* events, int room, int timeout, const sigset_t* mask) {
  return go_on_waiting_for(
      timeout, [&](int left) { return real_epoll_pwait(epoll, events, room, left, mask); });
}
int epoll_pwait2(int epoll, epoll_event* events, int room, const timespec* timeout,
                 const sigset_t* mask) {
  return go_on_waiting_for(timeout, [&](const timespec* left) {
    return real_epoll_pwait2(epoll, events, room, left, mask);
  });
}

// --- time ---

int clock_nanosleep(clockid_t clock, int flags, const timespec* wanted, timespec* left) {
  return sleep_on(clock, flags, wanted, left);
}
int nanosleep(const timespec* wanted, timespec* left) {
  return with_errno(sleep_on(CLOCK_REALTIME, 0, wanted, left));
}
int thrd_sleep(const timespec* wanted, timespec* left) {
  const int error = sleep_on(CLOCK_REALTIME, 0, wanted, left);
  if (error == 0) return 0;
  return error == EINTR ? -1 : -2;
}
int usleep(useconds_t microseconds) {
  const timespec wanted = {microseconds / 1'000'000, microseconds % 1'000'000 * 1000L};
  return with_errno(sleep_on(CLOCK_REALTIME, 0, &wanted, nullptr));
}
unsigned sleep(unsigned seconds) {
  const int saved_errno = errno;
  const timespec wanted = {seconds, 0};
  timespec left = {};
  if (sleep_on(CLOCK_REALTIME, 0, &wanted, &left) != EINTR) {
    errno = saved_errno;
    return 0;
  }
  return static_cast<unsigned>(left.tv_sec);
}

// --- signals ---

int pause() {
  return go_on_waiting([] { return real_pause(); });
}
int sigsuspend(const sigset_t* mask) {
  return go_on_waiting([&] { return real_sigsuspend(mask); });
}
int sigwaitinfo(const sigset_t* set, siginfo_t* info) {
  return go_on_waiting([&] { return real_sigwaitinfo(set, info); });
}
int sigtimedwait(const sigset_t* set, siginfo_t* info, const timespec* timeout) {
  return go_on_waiting_for(
      timeout, [&](const timespec* left) { return real_sigtimedwait(set, info, left); });
}

// --- System V ---

ssize_t msgrcv(int queue, void* message, size_t size, long type, int flags) {
  return go_on_waiting([&] { return real_msgrcv(queue, message, size, type, flags); });
}
int msgsnd(int queue, const void* message, size_t size, int flags) {
  return go_on_waiting([&] { return real_msgsnd(queue, message, size, flags); });
}
int semop(int set, sembuf* operations, size_t count) noexcept {
  return go_on_waiting([&] { return real_semop(set, operations, count); });
}
int semtimedop(int set, sembuf* operations, size_t count, const timespec* timeout) noexcept {
  return go_on_waiting_for(
      timeout, [&](const timespec* left) { return real_semtimedop(set, operations, count, left); });
}

}  // extern "C"
