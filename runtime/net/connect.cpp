#include "runtime/net/connect.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>

#include "fiber/time.h"
#include "runtime/net/poller.h"

namespace fiber::internal {
namespace {

using namespace std::chrono_literals;
constexpr auto kFirstPause = 5ms;
constexpr auto kLongestPause = std::chrono::milliseconds(1000);

bool is_tcp(const SocketAddress& address) { return address.family() != AF_UNIX; }

// A descriptor that closes itself unless it is handed out.
class Owner {
 public:
  explicit Owner(Descriptor* descriptor) : descriptor_(descriptor) {}
  ~Owner() {
    if (descriptor_ != nullptr) Descriptor::release(descriptor_);
  }
  Owner(const Owner&) = delete;
  Owner& operator=(const Owner&) = delete;
  Descriptor* operator->() const { return descriptor_; }
  Descriptor* get() const { return descriptor_; }
  Descriptor* hand_out() { return std::exchange(descriptor_, nullptr); }

 private:
  Descriptor* descriptor_;
};

void set_now(int fd, int level, int name, int value) {
  // What cannot be set is a default that is not there: no reason to refuse a connection.
  setsockopt(fd, level, name, &value, sizeof(value));
}

// As in Go. Accepted connections inherit them from their listener.
void set_tcp_defaults(int fd) {
  set_now(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  set_now(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  set_now(fd, IPPROTO_TCP, TCP_KEEPIDLE, 15);
  set_now(fd, IPPROTO_TCP, TCP_KEEPINTVL, 15);
}

Descriptor* bound(const SocketAddress& address, int type, std::error_code& error) {
  Owner socket(make_socket(address, type, error));
  if (socket.get() == nullptr) return nullptr;
  if (address.family() == AF_INET6) set_now(socket->fd, IPPROTO_IPV6, IPV6_V6ONLY, 0);
  if (type == SOCK_STREAM && is_tcp(address)) {
    set_now(socket->fd, SOL_SOCKET, SO_REUSEADDR, 1);
    set_tcp_defaults(socket->fd);
  }
  if (bind(socket->fd, address.data(), static_cast<socklen_t>(address.size())) != 0) {
    error = last_system_error();
    return nullptr;
  }
  if (address.family() == AF_UNIX) {
    const std::string path = address.to_string();
    if (!path.empty() && path[0] != '@') socket->unlink_path = path;
  }
  return socket.hand_out();
}

// As connect(2). -1 without an error: it goes on by itself.
int start_connecting(Descriptor& socket, const SocketAddress& address, std::error_code& error) {
  auto pause = 1ms;
  for (;;) {
    const auto size = static_cast<socklen_t>(address.size());
    if (connect(socket.fd, address.data(), size) == 0) return 0;
    const int number = error_number();
    if (number == EINPROGRESS || number == EINTR) return -1;
    error = {number, std::system_category()};
    // The queue of a Unix listener is full, and nobody tells us when it is not.
    if (number != EAGAIN || address.family() != AF_UNIX) return -1;
    sleep_until(Clock::now() + pause);
    if (error = socket.record->status(Direction::kWrite); error) return -1;
    pause = std::min(2 * pause, 32ms);
  }
}

// The connection is there, or it is known why not.
std::error_code connect_result(int fd) {
  int value = 0;
  socklen_t size = sizeof(value);
  if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &value, &size) != 0) return last_system_error();
  return {value, std::system_category()};
}

// accept(2) hands on what has gone wrong with the connection before it was accepted.
bool is_of_lost_connection(int error) {
  switch (error) {
    case ECONNABORTED:
    case EPROTO:
    case ENOPROTOOPT:
    case ENETDOWN:
    case EHOSTDOWN:
    case ENONET:
    case EHOSTUNREACH:
    case ENETUNREACH:
      return true;
    default:
      return false;
  }
}

// After a temporary error; ends early with the listener or its deadline.
void pause_accepting(Descriptor& listener) {
  auto& pause = listener.accept_pause;
  pause = std::clamp(2 * pause, kFirstPause, kLongestPause);
  // In steps, so that close() need not wait for the whole pause.
  const auto end = Clock::now() + pause;
  while (!listener.record->status(Direction::kRead) && Clock::now() < end)
    sleep_until(std::min(end, Clock::now() + 20ms));
}

}  // namespace

Descriptor* make_socket(const SocketAddress& address, int type, std::error_code& error) {
  error.clear();
  const int fd = socket(address.family(), type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) {
    error = last_system_error();
    return nullptr;
  }
  Descriptor* descriptor = Descriptor::open(fd);
  descriptor->tcp = type == SOCK_STREAM && is_tcp(address);
  return descriptor;
}

Descriptor* listen_on(const SocketAddress& address, int backlog, std::error_code& error) {
  Owner socket(bound(address, SOCK_STREAM, error));
  if (socket.get() == nullptr) return nullptr;
  sockaddr_storage name;
  socklen_t size = sizeof(name);
  auto* generic = reinterpret_cast<sockaddr*>(&name);
  if (getsockname(socket->fd, generic, &size) == 0) listen_begins(SocketAddress(generic, size));
  if (const int refused = poller.prepare(); refused != 0) {
    error = {refused, std::system_category()};
    return nullptr;
  }
  if (listen(socket->fd, backlog) != 0) {
    error = last_system_error();
    return nullptr;
  }
  return socket.hand_out();
}

Descriptor* bind_datagram(const SocketAddress& address, std::error_code& error) {
  return bound(address, SOCK_DGRAM, error);
}

Descriptor* connect_to(const SocketAddress& address, Socket::Deadline deadline,
                       std::error_code& error) {
  Owner socket(make_socket(address, SOCK_STREAM, error));
  if (socket.get() == nullptr) return nullptr;
  if (is_tcp(address)) set_tcp_defaults(socket->fd);
  socket->record->set_deadline(Direction::kWrite, deadline);
  if (error = socket->record->status(Direction::kWrite); error) return nullptr;
  dial_begins(address);
  if (start_connecting(*socket.get(), address, error) != 0) {
    if (error) return nullptr;
    for (;;) {
      if (error = socket->record->wait(Direction::kWrite); error) return nullptr;
      if (error = connect_result(socket->fd); error) return nullptr;
      sockaddr_storage peer;
      socklen_t size = sizeof(peer);
      // A wake-up may be too early (poll_record.h I1): only who has a peer is connected.
      if (getpeername(socket->fd, reinterpret_cast<sockaddr*>(&peer), &size) == 0) break;
    }
  }
  socket->record->set_deadline(Direction::kWrite, Socket::kNoDeadline);
  dial_ended(address);
  connect_edges(*socket.get(), /*dialled=*/true);
  return socket.hand_out();
}

Descriptor* accept_from(Descriptor* listener, std::error_code& error) {
  Inside inside(listener, Direction::kRead, error);
  if (!inside.entered()) return nullptr;
  for (;;) {
    const ssize_t fd = inside.until_done(
        [&] { return accept4(listener->fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC); });
    if (fd >= 0) {
      listener->accept_pause = 0ms;
      Descriptor* accepted = Descriptor::open(static_cast<int>(fd));
      accepted->tcp = listener->tcp;
      internal::accepted(*accepted);
      connect_edges(*accepted, /*dialled=*/false);
      return accepted;
    }
    if (error.category() == std::system_category() && is_of_lost_connection(error.value()))
      continue;
    if (is_temporary(error)) pause_accepting(*listener);
    return nullptr;
  }
}

void set_option(Descriptor* descriptor, int level, int name, int value, std::error_code& error) {
  if (descriptor == nullptr || !descriptor->lock.enter_shared()) {
    error = NetError::kClosed;
    return;
  }
  error.clear();
  if (setsockopt(descriptor->fd, level, name, &value, sizeof(value)) != 0)
    error = last_system_error();
  descriptor->leave_shared();
}

}  // namespace fiber::internal
