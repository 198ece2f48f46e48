// Sockets.
#include <netdb.h>
#include <sys/socket.h>

#include "detector/libc/descriptor.h"
#include "detector/libc/io_vector.h"
#include "detector/libc/twin.h"

using namespace fibersan;

extern "C" {
ssize_t __recv_chk(int fd, void* buffer, size_t size, size_t room, int flags);
ssize_t __recvfrom_chk(int fd, void* buffer, size_t size, size_t room, int flags, sockaddr* address,
                       socklen_t* length);
}

namespace {

socklen_t smaller(socklen_t a, socklen_t b) { return a < b ? a : b; }

// With MSG_TRUNC a datagram's whole length comes back, though not all of it was stored.
size_t stored(ssize_t count, size_t room) {
  const auto bytes = static_cast<size_t>(count);
  return bytes < room ? bytes : room;
}

// An address that came back: `room` is what its buffer had.
[[clang::always_inline]] inline void check_address(const sockaddr* address, socklen_t room,
                                                   const socklen_t* length) {
  if (length == nullptr) return;
  check_write(length, sizeof(*length));
  if (address != nullptr) check_write(address, smaller(room, *length));
}

socklen_t room_of(const socklen_t* length) { return length == nullptr ? 0 : *length; }

}  // namespace

// --- receiving ---

FIBERSAN_TWIN(ssize_t, recv, int fd, void* buffer, size_t size, int flags) {
  const ssize_t count = recv(fd, buffer, size, flags);
  if (count < 0) return count;
  note_bytes_received(fd);
  check_write(buffer, stored(count, size));
  return count;
}
FIBERSAN_TWIN(ssize_t, __recv_chk, int fd, void* buffer, size_t size, size_t room, int flags) {
  const ssize_t count = __recv_chk(fd, buffer, size, room, flags);
  if (count < 0) return count;
  note_bytes_received(fd);
  check_write(buffer, stored(count, size));
  return count;
}
FIBERSAN_TWIN(ssize_t, recvfrom, int fd, void* buffer, size_t size, int flags, sockaddr* address,
              socklen_t* length) {
  const socklen_t room = room_of(length);
  const ssize_t count = recvfrom(fd, buffer, size, flags, address, length);
  if (count < 0) return count;
  note_bytes_received(fd);
  check_write(buffer, stored(count, size));
  check_address(address, room, length);
  return count;
}
FIBERSAN_TWIN(ssize_t, __recvfrom_chk, int fd, void* buffer, size_t size, size_t object, int flags,
              sockaddr* address, socklen_t* length) {
  const socklen_t room = room_of(length);
  const ssize_t count = __recvfrom_chk(fd, buffer, size, object, flags, address, length);
  if (count < 0) return count;
  note_bytes_received(fd);
  check_write(buffer, stored(count, size));
  check_address(address, room, length);
  return count;
}
FIBERSAN_TWIN(ssize_t, recvmsg, int fd, msghdr* message, int flags) {
  const socklen_t room = message->msg_namelen;
  const ssize_t count = recvmsg(fd, message, flags);
  if (count < 0) return count;
  note_bytes_received(fd);
  check_write(message, sizeof(*message));
  check_read(message->msg_iov, message->msg_iovlen * sizeof(*message->msg_iov));
  check_write_parts(message->msg_iov, message->msg_iovlen, static_cast<size_t>(count));
  if (message->msg_name != nullptr)
    check_write(message->msg_name, smaller(room, message->msg_namelen));
  check_write(message->msg_control, message->msg_controllen);
  return count;
}

// --- sending ---

FIBERSAN_TWIN(ssize_t, send, int fd, const void* data, size_t size, int flags) {
  check_read(data, size);
  note_bytes_sent(fd);
  return send(fd, data, size, flags);
}
FIBERSAN_TWIN(ssize_t, sendto, int fd, const void* data, size_t size, int flags,
              const sockaddr* address, socklen_t length) {
  check_read(data, size);
  if (address != nullptr) check_read(address, length);
  note_bytes_sent(fd);
  return sendto(fd, data, size, flags, address, length);
}
FIBERSAN_TWIN(ssize_t, sendmsg, int fd, const msghdr* message, int flags) {
  check_read(message, sizeof(*message));
  check_read_parts(message->msg_iov, message->msg_iovlen);
  if (message->msg_name != nullptr) check_read(message->msg_name, message->msg_namelen);
  check_read(message->msg_control, message->msg_controllen);
  note_bytes_sent(fd);
  return sendmsg(fd, message, flags);
}

// --- connections ---

FIBERSAN_TWIN(int, socketpair, int domain, int type, int protocol, int* ends) {
  const int result = socketpair(domain, type, protocol, ends);
  if (result != 0) return result;
  note_socketpair(ends);
  check_write(ends, 2 * sizeof(*ends));
  return result;
}
FIBERSAN_TWIN(int, connect, int fd, const sockaddr* address, socklen_t length) {
  check_read(address, length);
  note_connect();
  return connect(fd, address, length);
}
FIBERSAN_TWIN(int, bind, int fd, const sockaddr* address, socklen_t length) {
  check_read(address, length);
  return bind(fd, address, length);
}
FIBERSAN_TWIN(int, accept, int fd, sockaddr* address, socklen_t* length) {
  const socklen_t room = room_of(length);
  const int connection = accept(fd, address, length);
  if (connection < 0) return connection;
  note_accept();
  check_address(address, room, length);
  return connection;
}
FIBERSAN_TWIN(int, accept4, int fd, sockaddr* address, socklen_t* length, int flags) {
  const socklen_t room = room_of(length);
  const int connection = accept4(fd, address, length, flags);
  if (connection < 0) return connection;
  note_accept();
  check_address(address, room, length);
  return connection;
}
FIBERSAN_TWIN(int, shutdown, int fd, int how) {
  note_end(fd);
  return shutdown(fd, how);
}

// --- what is known of them ---

FIBERSAN_TWIN(int, getsockname, int fd, sockaddr* address, socklen_t* length) {
  const socklen_t room = room_of(length);
  const int result = getsockname(fd, address, length);
  if (result == 0) check_address(address, room, length);
  return result;
}
FIBERSAN_TWIN(int, getpeername, int fd, sockaddr* address, socklen_t* length) {
  const socklen_t room = room_of(length);
  const int result = getpeername(fd, address, length);
  if (result == 0) check_address(address, room, length);
  return result;
}
FIBERSAN_TWIN(int, getsockopt, int fd, int level, int option, void* value, socklen_t* length) {
  const int result = getsockopt(fd, level, option, value, length);
  if (result != 0) return result;
  check_write(length, sizeof(*length));
  check_write(value, *length);
  return result;
}
FIBERSAN_TWIN(int, setsockopt, int fd, int level, int option, const void* value, socklen_t length) {
  check_read(value, length);
  return setsockopt(fd, level, option, value, length);
}
FIBERSAN_TWIN(int, getaddrinfo, const char* node, const char* service, const addrinfo* hints,
              addrinfo** list) {
  if (node != nullptr) check_read_text(node);
  if (service != nullptr) check_read_text(service);
  if (hints != nullptr) check_read(hints, sizeof(*hints));
  const int result = getaddrinfo(node, service, hints, list);
  if (result == 0) check_write(list, sizeof(*list));
  return result;
}
