// wait_readable and wait_writable: waiting for descriptors that are not ours.
//
// A wait uses a duplicate of the descriptor. Two fibers may so wait for one descriptor, which
// epoll would take once only; and when the caller closes it and its number is used again, the
// waiter still waits for the file that it meant. It costs four system calls more, and only
// when the descriptor is not ready at once.
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>

#include "fiber/net.h"
#include "runtime/net/descriptor.h"
#include "runtime/net/poll_record.h"

namespace fiber {
namespace {

using internal::Direction;
using internal::PollRecord;

// Also true for errors and hang-ups: the caller's system call will tell.
bool is_ready(int fd, Direction direction, std::error_code& error) {
  const short events = direction == Direction::kRead ? POLLIN | POLLRDHUP | POLLPRI : POLLOUT;
  pollfd entry{fd, events, 0};
  int count = 0;
  do {
    count = poll(&entry, 1, 0);
  } while (count < 0 && internal::error_number() == EINTR);
  if (count < 0) error = internal::last_system_error();
  if (count > 0 && (entry.revents & POLLNVAL) != 0)
    error = std::make_error_code(std::errc::bad_file_descriptor);
  return count != 0;
}

class Duplicate {
 public:
  Duplicate(int fd, std::error_code& error) : fd_(fcntl(fd, F_DUPFD_CLOEXEC, 3)) {
    if (fd_ < 0) {
      error = internal::last_system_error();
    } else {
      record_ = PollRecord::take(fd_);
    }
  }
  ~Duplicate() {
    if (fd_ < 0) return;
    PollRecord::give(record_);
    close(fd_);
  }
  Duplicate(const Duplicate&) = delete;
  Duplicate& operator=(const Duplicate&) = delete;
  int fd() const { return fd_; }
  // Null when there is none; the constructor has said why.
  PollRecord* record() const { return record_; }

 private:
  int fd_;
  PollRecord* record_ = nullptr;
};

void wait_for(int fd, Direction direction, Socket::Deadline deadline, std::error_code& error) {
  error.clear();
  if (is_ready(fd, direction, error)) return;
  const Duplicate duplicate(fd, error);
  PollRecord* record = duplicate.record();
  if (record == nullptr) return;
  record->set_deadline(direction, deadline);
  do {
    error = record->wait(direction);
  } while (!error && !is_ready(duplicate.fd(), direction, error));
}

}  // namespace

void wait_readable(int fd, Socket::Deadline deadline, std::error_code& error) {
  wait_for(fd, Direction::kRead, deadline, error);
}
void wait_readable(int fd, Socket::Deadline deadline) {
  std::error_code error;
  wait_readable(fd, deadline, error);
  internal::check_net_error(error, "fiber: wait_readable");
}
void wait_writable(int fd, Socket::Deadline deadline, std::error_code& error) {
  wait_for(fd, Direction::kWrite, deadline, error);
}
void wait_writable(int fd, Socket::Deadline deadline) {
  std::error_code error;
  wait_writable(fd, deadline, error);
  internal::check_net_error(error, "fiber: wait_writable");
}

}  // namespace fiber
