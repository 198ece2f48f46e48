// Reads and writes of file descriptors. A read that fails has written nothing; of a write all
// that is offered is checked, before the edge that gives it away (W2).
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/uio.h>
#include <unistd.h>

#include "detector/libc/descriptor.h"
#include "detector/libc/io_vector.h"
#include "detector/libc/twin.h"

using namespace fibersan;

extern "C" {
ssize_t __read_chk(int fd, void* buffer, size_t size, size_t room);
ssize_t __pread_chk(int fd, void* buffer, size_t size, off_t offset, size_t room);
}

namespace {

[[clang::always_inline]] inline ssize_t finish_read(int fd, const void* buffer, ssize_t count) {
  if (count < 0) return count;
  note_bytes_received(fd);
  check_write(buffer, static_cast<size_t>(count));
  return count;
}

}  // namespace

FIBERSAN_TWIN(ssize_t, read, int fd, void* buffer, size_t size) {
  const ssize_t count = read(fd, buffer, size);
  return finish_read(fd, buffer, count);
}
FIBERSAN_TWIN(ssize_t, __read_chk, int fd, void* buffer, size_t size, size_t room) {
  const ssize_t count = __read_chk(fd, buffer, size, room);
  return finish_read(fd, buffer, count);
}
FIBERSAN_TWIN(ssize_t, pread, int fd, void* buffer, size_t size, off_t offset) {
  const ssize_t count = pread(fd, buffer, size, offset);
  return finish_read(fd, buffer, count);
}
FIBERSAN_TWIN(ssize_t, __pread_chk, int fd, void* buffer, size_t size, off_t offset, size_t room) {
  const ssize_t count = __pread_chk(fd, buffer, size, offset, room);
  return finish_read(fd, buffer, count);
}
FIBERSAN_TWIN(ssize_t, write, int fd, const void* data, size_t size) {
  check_read(data, size);
  note_bytes_sent(fd);
  return write(fd, data, size);
}
FIBERSAN_TWIN(ssize_t, pwrite, int fd, const void* data, size_t size, off_t offset) {
  check_read(data, size);
  note_bytes_sent(fd);
  return pwrite(fd, data, size, offset);
}

// --- vectors ---

namespace {

[[clang::always_inline]] inline ssize_t finish_read_parts(int fd, const iovec* parts, int count,
                                                          ssize_t bytes) {
  if (bytes < 0) return bytes;
  note_bytes_received(fd);
  check_write_parts(parts, static_cast<size_t>(count), static_cast<size_t>(bytes));
  return bytes;
}

}  // namespace

FIBERSAN_TWIN(ssize_t, readv, int fd, const iovec* parts, int count) {
  check_read(parts, sizeof(*parts) * static_cast<size_t>(count > 0 ? count : 0));
  const ssize_t bytes = readv(fd, parts, count);
  return finish_read_parts(fd, parts, count, bytes);
}
FIBERSAN_TWIN(ssize_t, preadv, int fd, const iovec* parts, int count, off_t offset) {
  check_read(parts, sizeof(*parts) * static_cast<size_t>(count > 0 ? count : 0));
  const ssize_t bytes = preadv(fd, parts, count, offset);
  return finish_read_parts(fd, parts, count, bytes);
}
FIBERSAN_TWIN(ssize_t, writev, int fd, const iovec* parts, int count) {
  check_read_parts(parts, static_cast<size_t>(count > 0 ? count : 0));
  note_bytes_sent(fd);
  return writev(fd, parts, count);
}
FIBERSAN_TWIN(ssize_t, pwritev, int fd, const iovec* parts, int count, off_t offset) {
  check_read_parts(parts, static_cast<size_t>(count > 0 ? count : 0));
  note_bytes_sent(fd);
  return pwritev(fd, parts, count, offset);
}

// --- descriptors themselves ---

FIBERSAN_TWIN(int, close, int fd) {
  note_end(fd);
  return close(fd);
}
FIBERSAN_TWIN(int, pipe, int* ends) {
  const int result = pipe(ends);
  if (result == 0) check_write(ends, 2 * sizeof(*ends));
  return result;
}
FIBERSAN_TWIN(int, pipe2, int* ends, int flags) {
  const int result = pipe2(ends, flags);
  if (result == 0) check_write(ends, 2 * sizeof(*ends));
  return result;
}
FIBERSAN_TWIN(int, poll, pollfd* entries, nfds_t count, int timeout) {
  for (nfds_t i = 0; i < count; ++i) check_read(&entries[i], offsetof(pollfd, revents));
  const int ready = poll(entries, count, timeout);
  if (ready < 0) return ready;
  for (nfds_t i = 0; i < count; ++i) check_write(&entries[i].revents, sizeof(entries[i].revents));
  return ready;
}
FIBERSAN_TWIN(int, epoll_ctl, int epoll, int operation, int fd, epoll_event* event) {
  if (operation != EPOLL_CTL_DEL) check_read(event, sizeof(*event));
  note_bytes_sent(epoll);
  return epoll_ctl(epoll, operation, fd, event);
}
FIBERSAN_TWIN(int, epoll_wait, int epoll, epoll_event* events, int room, int timeout) {
  const int ready = epoll_wait(epoll, events, room, timeout);
  if (ready <= 0) return ready;
  note_bytes_received(epoll);
  check_write(events, sizeof(*events) * static_cast<size_t>(ready));
  return ready;
}
FIBERSAN_TWIN(int, eventfd_read, int fd, eventfd_t* value) {
  const int result = eventfd_read(fd, value);
  if (result != 0) return result;
  note_bytes_received(fd);
  check_write(value, sizeof(*value));
  return result;
}
FIBERSAN_TWIN(int, eventfd_write, int fd, eventfd_t value) {
  note_bytes_sent(fd);
  return eventfd_write(fd, value);
}
