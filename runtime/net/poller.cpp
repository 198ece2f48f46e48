#include "runtime/net/poller.h"

#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "runtime/check.h"
#include "runtime/net/poll_record.h"
#include "runtime/observe/fiber_events.h"
#include "runtime/scheduler.h"

namespace fiber::internal {
namespace {

constexpr uint64_t kInterruptKey = 0;  // no record has it

// What epoll_pwait2 wants; null for ever.
timespec* time_left(Clock::time_point until, timespec& space) {
  if (until == Clock::time_point::max()) return nullptr;
  int64_t left = 0;
  if (until != Poller::kNoWait)
    left = std::max<int64_t>(0, std::chrono::nanoseconds(until - Clock::now()).count());
  space = {static_cast<time_t>(left / 1'000'000'000), static_cast<long>(left % 1'000'000'000)};
  return &space;
}

// epoll_pwait2 has nanoseconds and came with Linux 5.11; before, a sleep is up to 1 ms late.
int wait_for_events(int epoll, epoll_event* events, int most, timespec* timeout) {
  static constinit std::atomic<bool> precise{true};
  if (timeout == nullptr || (timeout->tv_sec | timeout->tv_nsec) == 0)
    return epoll_wait(epoll, events, most, timeout == nullptr ? -1 : 0);
  // Relaxed: a hint.
  if (precise.load(std::memory_order_relaxed)) {
    const long count = syscall(SYS_epoll_pwait2, epoll, events, most, timeout, nullptr, 0);
    if (count >= 0 || errno != ENOSYS) return static_cast<int>(count);
    precise.store(false, std::memory_order_relaxed);
  }
  constexpr int64_t kLongest = 3'600'000;
  const int64_t milliseconds =
      timeout->tv_sec > 3600
          ? kLongest
          : int64_t{timeout->tv_sec} * 1000 + (timeout->tv_nsec + 999'999) / 1'000'000;
  return epoll_wait(epoll, events, most, static_cast<int>(milliseconds));
}

}  // namespace

[[clang::no_destroy]] constinit Poller poller;

int Poller::open() {
  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  event_ = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  epoll_event event = {.events = EPOLLIN, .data = {.u64 = kInterruptKey}};
  if (epoll_ >= 0 && event_ >= 0 && epoll_ctl(epoll_, EPOLL_CTL_ADD, event_, &event) == 0) return 0;
  const int error = errno;
  if (epoll_ >= 0) ::close(epoll_);
  if (event_ >= 0) ::close(event_);
  epoll_ = event_ = -1;
  return error;
}

int Poller::open_once() {
  if (epoll_ >= 0) return 0;
  if (const int error = open(); error != 0) return error;
  static const int registered = pthread_atfork(nullptr, nullptr, forked);
  static_cast<void>(registered);
  return 0;
}

int Poller::prepare() {
  SpinGuard guard(lock_);
  return open_once();
}

int Poller::start() {
  SpinGuard guard(lock_);
  if (const int error = open_once(); error != 0) return error;
  run_is_on_.store(true, std::memory_order_seq_cst);
  return 0;
}

// In the child, which has one thread: the parent's epoll would be shared, so it gets its own.
void Poller::forked() FIBER_NO_THREAD_SAFETY_ANALYSIS {
  ::close(poller.epoll_);
  ::close(poller.event_);
  poller.interrupted_.store(false, std::memory_order_relaxed);
  poller.registered_.store(0, std::memory_order_relaxed);
  static_cast<void>(poller.open());
  PollRecord::for_each(
      [](PollRecord& record, void*) {
        if (record.registered() && poller.add(record.fd(), record.key()) != 0)
          record.forget_registration();
        return false;
      },
      nullptr);
}

int Poller::add(int fd, uint64_t key) {
  epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLPRI | EPOLLET,
                       .data = {.u64 = key}};
  if (epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) != 0) return errno;
  // Whoever keeps the time sleeps on its parker, and shall do so in poll() from now on.
  if (registered_.fetch_add(1, std::memory_order_relaxed) == 0)
    scheduler.idle.deadline_changed(Clock::time_point::min());  // the keeper looks in any case
  return 0;
}

void Poller::remove(int fd) {
  // Before the close: a duplicate of it may live on, in a forked child for one. The error of a
  // descriptor that is gone changes nothing.
  epoll_ctl(epoll_, EPOLL_CTL_DEL, fd, nullptr);
  registered_.fetch_sub(1, std::memory_order_relaxed);
}

void Poller::handle(uint64_t key, uint32_t events, Ready& ready) {
  PollRecord* record = PollRecord::of_key(key);
  if (record == nullptr) return;
  if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR | EPOLLPRI)) != 0) record->set_eventful();
  if ((events & ~static_cast<uint32_t>(EPOLLOUT)) != 0) ready.add(record->edge(Direction::kRead));
  if ((events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0) ready.add(record->edge(Direction::kWrite));
}

void Poller::poll(Clock::time_point until, Ready& ready) {
  epoll_event events[kMostEvents];
  timespec space;
  const int count = wait_for_events(epoll_, events, kMostEvents, time_left(until, space));
  FIBERSAN_CHECK(count >= 0 || errno == EINTR, errno);
  // Relaxed: a hint for the monitor.
  polls_.store(polls_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  if (count > 0) {
    in_hand_.fetch_add(1, std::memory_order_seq_cst);  // I2
    ready.counted_ = true;
  }
  for (int i = 0; i < count; ++i) {
    if (events[i].data.u64 != kInterruptKey) {
      handle(events[i].data.u64, events[i].events, ready);
    } else if (until != kNoWait) {  // who does not sleep leaves it to the one who does
      uint64_t value;
      static_cast<void>(!read(event_, &value, sizeof(value)));
      // seq_cst: interrupts from now on write again; of those that did not we see the cause.
      // Pairs with interrupt().
      interrupted_.exchange(false, std::memory_order_seq_cst);
    }
  }
}

bool Poller::begin_sleep() {
  // seq_cst: a wish that comes after it is seen by end_sleep(), one before fails here no more.
  if (!somebody_sleeps_.exchange(true, std::memory_order_seq_cst)) return true;
  sleep_wanted_.store(true, std::memory_order_seq_cst);
  // It may have ended in between, without having seen the wish.
  if (!somebody_sleeps_.exchange(true, std::memory_order_seq_cst)) return true;
  interrupt();
  return false;
}

void Poller::end_sleep() {
  somebody_sleeps_.store(false, std::memory_order_seq_cst);
  if (sleep_wanted_.load(std::memory_order_seq_cst) &&
      sleep_wanted_.exchange(false, std::memory_order_seq_cst))
    scheduler.idle.recheck();
}

void Poller::interrupt() {
  // seq_cst: one write is enough until it was read. Pairs with the one in poll().
  if (interrupted_.exchange(true, std::memory_order_seq_cst)) return;
  const uint64_t one = 1;
  static_cast<void>(!write(event_, &one, sizeof(one)));
}

void Poller::watch(Clock::time_point now) {
  constexpr auto kLongest = std::chrono::milliseconds(10);
  if (!in_use()) return;
  if (const uint32_t polls = polls_.load(std::memory_order_relaxed); polls != polls_seen_) {
    polls_seen_ = polls;
    polls_seen_at_ = now;
    return;
  }
  if (now - polls_seen_at_ < kLongest) return;
  polls_seen_at_ = now;
  Ready ready;
  poll(kNoWait, ready);
  if (ready.left() != 0) ready.publish();
}

void Poller::Ready::publish() {
  while (Fiber* fiber = take()) {
    if (fiber->state.wake() != NextStep::kEnqueue) continue;
    fiber_runnable(nullptr, fiber, Runnable::kWoken);
    scheduler.global.push(fiber);
  }
  scheduler.idle.work_published();
}

Poller::Ready::~Ready() {
  // seq_cst, I2: the fibers are in queues now. Pairs with may_wake().
  if (counted_) poller.in_hand_.fetch_sub(1, std::memory_order_seq_cst);
}

bool Poller::may_wake() {
  if (!in_use()) return false;
  PollRecord* last = last_waiter_.load(std::memory_order_relaxed);
  if (last != nullptr && last->has_waiter()) return true;
  const bool found = PollRecord::for_each(
      [](PollRecord& record, void*) {
        if (!record.has_waiter()) return false;
        poller.last_waiter_.store(&record, std::memory_order_relaxed);
        return true;
      },
      nullptr);
  // After the words: a fiber that has left its word is counted here or in a queue by now.
  return found || in_hand_.load(std::memory_order_seq_cst) != 0;
}

void Poller::run_finished() {
  run_number_.fetch_add(1, std::memory_order_relaxed);
  if (!run_is_on()) return;
  run_is_on_.store(false, std::memory_order_seq_cst);
  PollRecord::for_each(
      [](PollRecord& record, void*) {
        record.forget_waiters();
        return false;
      },
      nullptr);
}

}  // namespace fiber::internal
