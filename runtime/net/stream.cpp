// Reading and writing streams: TCP and Unix connections.
#include <pthread.h>
#include <signal.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>

#include "fiber/net.h"
#include "runtime/net/descriptor.h"

namespace fiber {

using internal::Descriptor;
using internal::Direction;
using internal::Inside;

namespace {

// One read, with the short cut of descriptor.h I2.
ssize_t read_some(Descriptor& descriptor, Inside& inside, void* buffer, std::size_t size) {
  if (size == 0) return 0;
  if (descriptor.drained) {
    descriptor.drained = false;
    if (!descriptor.record->eventful() && !inside.wait()) return -1;
  }
  const ssize_t count = inside.until_done([&] { return recv(descriptor.fd, buffer, size, 0); });
  if (count >= 0) {
    internal::bytes_received(descriptor.receives);
    if (count > 0) __fsan_object_written(buffer, static_cast<std::size_t>(count));
  }
  // What the poller has not seen yet comes as an edge: the descriptor was told to epoll
  // before this read.
  descriptor.drained = descriptor.tcp && count > 0 && static_cast<std::size_t>(count) < size &&
                       descriptor.record->registered();
  return count;
}

// sendfile has no MSG_NOSIGNAL: keeps SIGPIPE from the thread meanwhile.
class WithoutSigpipe {
 public:
  // Neither is inlined: see error_number.h.
  __attribute__((noinline)) WithoutSigpipe() {
    sigemptyset(&sigpipe_);
    sigaddset(&sigpipe_, SIGPIPE);
    sigset_t pending;
    sigpending(&pending);
    was_pending_ = sigismember(&pending, SIGPIPE) == 1;
    pthread_sigmask(SIG_BLOCK, &sigpipe_, &before_);
  }
  __attribute__((noinline)) ~WithoutSigpipe() {
    const int error = errno;
    if (error == EPIPE && !was_pending_) {
      const timespec now{};
      while (sigtimedwait(&sigpipe_, nullptr, &now) < 0 && errno == EINTR) {
      }
    }
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
    errno = error;
  }
  WithoutSigpipe(const WithoutSigpipe&) = delete;
  WithoutSigpipe& operator=(const WithoutSigpipe&) = delete;

 private:
  sigset_t sigpipe_;
  sigset_t before_;
  bool was_pending_ = false;
};

void shut_down(Descriptor* descriptor, int how, std::error_code& error) {
  if (descriptor == nullptr || !descriptor->lock.enter_shared()) {
    error = NetError::kClosed;
    return;
  }
  error.clear();
  if (how == SHUT_WR) internal::bytes_sent(descriptor->sends);
  if (how == SHUT_RD) internal::bytes_sent(descriptor->receives);  // our own readers see the end
  if (shutdown(descriptor->fd, how) != 0) error = internal::last_system_error();
  descriptor->leave_shared();
}

}  // namespace

// --- reading ---

std::size_t Stream::read(void* buffer, std::size_t size, std::error_code& error) {
  Inside inside(descriptor_, Direction::kRead, error);
  if (!inside.entered()) return 0;
  const ssize_t count = read_some(*descriptor_, inside, buffer, size);
  return count > 0 ? static_cast<std::size_t>(count) : 0;
}

std::size_t Stream::read_full(void* buffer, std::size_t size, std::error_code& error) {
  Inside inside(descriptor_, Direction::kRead, error);
  if (!inside.entered()) return 0;
  std::size_t done = 0;
  while (done < size) {
    const ssize_t count =
        read_some(*descriptor_, inside, static_cast<char*>(buffer) + done, size - done);
    if (count <= 0) break;
    done += static_cast<std::size_t>(count);
  }
  return done;
}

// --- writing ---

std::size_t Stream::write(const void* data, std::size_t size, std::error_code& error) {
  Inside inside(descriptor_, Direction::kWrite, error);
  if (!inside.entered()) return 0;
  if (size != 0) __fsan_object_read(data, size);
  internal::bytes_sent(descriptor_->sends);
  std::size_t done = 0;
  while (done < size) {
    const ssize_t count = inside.until_done([&] {
      return ::send(descriptor_->fd, static_cast<const char*>(data) + done, size - done,
                    MSG_NOSIGNAL);
    });
    if (count < 0) break;
    done += static_cast<std::size_t>(count);
  }
  return done;
}

std::size_t Stream::writev(const ConstBuffer* buffers, std::size_t count, std::error_code& error) {
  Inside inside(descriptor_, Direction::kWrite, error);
  if (!inside.entered()) return 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (buffers[i].size != 0) __fsan_object_read(buffers[i].data, buffers[i].size);
  }
  internal::bytes_sent(descriptor_->sends);
  std::size_t done = 0;
  std::size_t first = 0;   // the buffer that is not sent yet
  std::size_t offset = 0;  // how much of it is
  for (;;) {
    std::array<iovec, 64> parts;
    std::size_t used = 0;
    for (std::size_t i = first; i < count && used < parts.size(); ++i) {
      const std::size_t skip = i == first ? offset : 0;
      if (buffers[i].size == skip) continue;
      char* begin = const_cast<char*>(static_cast<const char*>(buffers[i].data)) + skip;
      parts[used++] = {begin, buffers[i].size - skip};
    }
    if (used == 0) return done;
    msghdr message{};
    message.msg_iov = parts.data();
    message.msg_iovlen = used;
    const ssize_t sent =
        inside.until_done([&] { return sendmsg(descriptor_->fd, &message, MSG_NOSIGNAL); });
    if (sent < 0) return done;
    done += static_cast<std::size_t>(sent);
    offset += static_cast<std::size_t>(sent);
    while (first < count && offset >= buffers[first].size) offset -= buffers[first++].size;
  }
}

std::size_t Stream::send_file(int file, std::uint64_t offset, std::size_t size,
                              std::error_code& error) {
  Inside inside(descriptor_, Direction::kWrite, error);
  if (!inside.entered()) return 0;
  internal::bytes_sent(descriptor_->sends);
  constexpr std::size_t kPiece = 1 << 20;  // a file on a slow disk blocks the thread so long
  std::size_t done = 0;
  auto position = static_cast<off_t>(offset);
  while (done < size) {
    const ssize_t count = inside.until_done([&] {
      const WithoutSigpipe guard;
      return sendfile(descriptor_->fd, file, &position, std::min(size - done, kPiece));
    });
    if (count <= 0) break;
    done += static_cast<std::size_t>(count);
  }
  return done;
}

// --- half-close ---

void Stream::close_read(std::error_code& error) { shut_down(descriptor_, SHUT_RD, error); }
void Stream::close_write(std::error_code& error) { shut_down(descriptor_, SHUT_WR, error); }

// --- the throwing forms ---

std::size_t Stream::read(void* buffer, std::size_t size) {
  std::error_code error;
  const std::size_t count = read(buffer, size, error);
  internal::check_net_error(error, "fiber: read");
  return count;
}
std::size_t Stream::read_full(void* buffer, std::size_t size) {
  std::error_code error;
  const std::size_t count = read_full(buffer, size, error);
  internal::check_net_error(error, "fiber: read_full");
  return count;
}
std::size_t Stream::write(const void* data, std::size_t size) {
  std::error_code error;
  const std::size_t count = write(data, size, error);
  internal::check_net_error(error, "fiber: write");
  return count;
}
std::size_t Stream::writev(const ConstBuffer* buffers, std::size_t buffer_count) {
  std::error_code error;
  const std::size_t count = writev(buffers, buffer_count, error);
  internal::check_net_error(error, "fiber: writev");
  return count;
}
std::size_t Stream::send_file(int file, std::uint64_t offset, std::size_t size) {
  std::error_code error;
  const std::size_t count = send_file(file, offset, size, error);
  internal::check_net_error(error, "fiber: send_file");
  return count;
}
void Stream::close_read() {
  std::error_code error;
  close_read(error);
  internal::check_net_error(error, "fiber: close_read");
}
void Stream::close_write() {
  std::error_code error;
  close_write(error);
  internal::check_net_error(error, "fiber: close_write");
}

}  // namespace fiber
