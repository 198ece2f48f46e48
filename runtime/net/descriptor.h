// descriptor.h: a file descriptor that belongs to a socket of net.h, and the frame that every
// operation on it runs in.
//
// State:    the descriptor, its lock and its poll record; made by open(), freed when its handle
//           is gone and the last operation has left.
// Cost:     an operation that does not wait: its system call and four locked instructions.
// Threads:  any.
// Not here: what the operations do (stream.cpp, accept.cpp, datagram.cpp).
//
// Invariants
//   I1  `fd` is open while somebody is inside of `lock`; its number cannot be used again under
//       an operation's feet.
//   I2  A system call comes first, waiting only after EAGAIN. Two exceptions save a call that
//       would fail: after a short read of a TCP stream there is nothing more until the next
//       edge (drained); and an accept that has just emptied the queue likewise has to try.
#ifndef FIBERSAN_RUNTIME_NET_DESCRIPTOR_H
#define FIBERSAN_RUNTIME_NET_DESCRIPTOR_H

#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

#include "fiber/net.h"
#include "runtime/error_number.h"
#include "runtime/net/edges.h"
#include "runtime/net/fd_lock.h"
#include "runtime/net/poll_record.h"

namespace fiber::internal {

struct Descriptor {
  // Takes over `fd`, which is non-blocking. Throws std::bad_alloc, the fd is closed then.
  static Descriptor* open(int fd);

  // The handle's last call; closes when that has not been done.
  static void release(Descriptor* descriptor) noexcept;
  std::error_code close();

  int fd;
  PollRecord* record;
  FdLock lock;
  bool tcp = false;                           // a short read means that there is no more
  bool drained = false;                       // guarded by the read side of `lock`
  std::chrono::milliseconds accept_pause{0};  // guarded by the read side of `lock`
  std::string unlink_path;                    // of a Unix listener
  // Constant once handed out; null without a detector.
  MeetingPoint* sends = nullptr;
  MeetingPoint* receives = nullptr;

  // Who closes or moves a deadline comes before those whose operations fail by it.
  void will_end_others() { __fsan_merge(this); }
  void ended_by_others() { __fsan_acquire(this); }

  void leave(Direction direction) {
    if (lock.leave(direction)) finish_close();
  }
  void leave_shared() {
    if (lock.leave_shared()) finish_close();
  }

 private:
  explicit Descriptor(int fd) : fd(fd), record(PollRecord::take(fd)) {}
  ~Descriptor();
  void finish_close();
};

inline std::error_code last_system_error() { return {error_number(), std::system_category()}; }

// The frame of one operation: enters, calls `attempt` until it does not fail with EAGAIN,
// leaves. `attempt` returns what its system call does (-1 and errno). The result is that of
// the last attempt, -1 when there is an error.
template <typename Attempt>
ssize_t operate(Descriptor* descriptor, Direction direction, std::error_code& error,
                Attempt attempt);

// From an entry to the exit, for operations of several attempts.
class Inside {
 public:
  Inside(Descriptor* descriptor, Direction direction, std::error_code& error);
  ~Inside() {
    if (descriptor_ != nullptr) descriptor_->leave(direction_);
  }
  Inside(const Inside&) = delete;
  Inside& operator=(const Inside&) = delete;

  bool entered() const { return descriptor_ != nullptr; }

  // As operate(), without entering.
  template <typename Attempt>
  ssize_t until_done(Attempt attempt) {
    for (;;) {
      const ssize_t result = attempt();
      if (result >= 0) return result;
      const int number = error_number();
      if (number == EINTR) continue;
      if (number != EAGAIN) {
        error_ = {number, std::system_category()};
        return -1;
      }
      if (!wait()) return -1;
    }
  }
  // False: error is set.
  bool wait() {
    error_ = descriptor_->record->wait(direction_);
    if (error_) descriptor_->ended_by_others();
    return !error_;
  }

 private:
  Descriptor* descriptor_ = nullptr;
  Direction direction_;
  std::error_code& error_;
};

template <typename Attempt>
ssize_t operate(Descriptor* descriptor, Direction direction, std::error_code& error,
                Attempt attempt) {
  Inside inside(descriptor, direction, error);
  return inside.entered() ? inside.until_done(attempt) : -1;
}

// The throwing form of an operation.
[[noreturn]] void throw_net_error(const std::error_code& error, const char* what);
inline void check_net_error(const std::error_code& error, const char* what) {
  if (error) throw_net_error(error, what);
}

}  // namespace fiber::internal

#endif  // FIBERSAN_RUNTIME_NET_DESCRIPTOR_H
