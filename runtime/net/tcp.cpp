// TCP and Unix streams and listeners of net.h.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>

#include "fiber/net.h"
#include "runtime/net/connect.h"

namespace fiber {

using internal::check_net_error;
using internal::Clock;
using internal::Descriptor;

namespace {

using namespace std::chrono_literals;

// What one of several addresses gets of the time (Go's partialDeadline): an equal share, but
// not less than 2 s while there are as many.
Socket::Deadline share_of(Socket::Deadline deadline, std::size_t addresses_left) {
  if (deadline == Socket::kNoDeadline) return deadline;
  const auto now = Clock::now();
  const auto left = deadline - now;
  const auto share = left / static_cast<long>(addresses_left);
  return now + std::min<Clock::duration>(left, std::max<Clock::duration>(share, 2s));
}

SocketAddress path_address(std::string_view path, std::error_code& error) {
  error.clear();
  try {
    return SocketAddress::unix_path(path);
  } catch (const std::system_error& e) {
    error = e.code();
    return {};
  }
}

// For a listener any address will do; ":port" means both families where the system has both.
Descriptor* listen_on_any(std::string_view host_port, int backlog, std::error_code& error) {
  const auto addresses = resolve(host_port, error);
  for (const SocketAddress& address : addresses) {
    if (Descriptor* descriptor = internal::listen_on(address, backlog, error)) return descriptor;
  }
  if (error == std::errc::address_family_not_supported && host_port.front() == ':') {
    return internal::listen_on(SocketAddress::parse("0.0.0.0" + std::string(host_port)), backlog,
                               error);
  }
  return nullptr;
}

}  // namespace

// --- TcpStream ---

TcpStream TcpStream::dial(const SocketAddress& address, Deadline deadline, std::error_code& error) {
  return TcpStream(internal::connect_to(address, deadline, error));
}

TcpStream TcpStream::dial(const SocketAddress& address, Deadline deadline) {
  std::error_code error;
  TcpStream stream = dial(address, deadline, error);
  if (error) throw std::system_error(error, "fiber: dial " + address.to_string());
  return stream;
}

TcpStream TcpStream::dial(std::string_view host_port, Deadline deadline, std::error_code& error) {
  const auto addresses = resolve(host_port, error);
  std::error_code first;  // Go's choice: the first address is the one that was meant
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    TcpStream stream = dial(addresses[i], share_of(deadline, addresses.size() - i), error);
    if (!error) return stream;
    if (!first) first = error;
    if (deadline != kNoDeadline && deadline <= Clock::now()) break;
  }
  if (first) error = first;
  return {};
}

TcpStream TcpStream::dial(std::string_view host_port, std::error_code& error) {
  return dial(host_port, kNoDeadline, error);
}

TcpStream TcpStream::dial(std::string_view host_port, Deadline deadline) {
  std::error_code error;
  TcpStream stream = dial(host_port, deadline, error);
  if (error) throw std::system_error(error, "fiber: dial " + std::string(host_port));
  return stream;
}

void TcpStream::set_no_delay(bool on, std::error_code& error) {
  internal::set_option(descriptor_, IPPROTO_TCP, TCP_NODELAY, on ? 1 : 0, error);
}
void TcpStream::set_no_delay(bool on) {
  std::error_code error;
  set_no_delay(on, error);
  check_net_error(error, "fiber: set_no_delay");
}

void TcpStream::set_keep_alive(std::chrono::seconds idle, std::error_code& error) {
  const int seconds =
      static_cast<int>(std::clamp<std::chrono::seconds::rep>(idle.count(), 0, 32767));
  internal::set_option(descriptor_, SOL_SOCKET, SO_KEEPALIVE, seconds > 0 ? 1 : 0, error);
  for (const int name : {TCP_KEEPIDLE, TCP_KEEPINTVL}) {
    if (seconds > 0 && !error) internal::set_option(descriptor_, IPPROTO_TCP, name, seconds, error);
  }
}
void TcpStream::set_keep_alive(std::chrono::seconds idle) {
  std::error_code error;
  set_keep_alive(idle, error);
  check_net_error(error, "fiber: set_keep_alive");
}

// --- TcpListener ---

TcpListener TcpListener::listen(std::string_view host_port, int backlog, std::error_code& error) {
  return TcpListener(listen_on_any(host_port, backlog, error));
}
TcpListener TcpListener::listen(std::string_view host_port, std::error_code& error) {
  return listen(host_port, kLongestBacklog, error);
}
TcpListener TcpListener::listen(std::string_view host_port, int backlog) {
  std::error_code error;
  TcpListener listener = listen(host_port, backlog, error);
  if (error) throw std::system_error(error, "fiber: listen on " + std::string(host_port));
  return listener;
}

TcpStream TcpListener::accept(std::error_code& error) {
  return TcpStream(internal::accept_from(descriptor_, error));
}
TcpStream TcpListener::accept() {
  for (;;) {
    std::error_code error;
    TcpStream stream = accept(error);
    if (!error) return stream;
    if (!is_temporary(error)) internal::throw_net_error(error, "fiber: accept");
  }
}

// --- Unix streams ---

UnixStream UnixStream::dial(std::string_view path, Deadline deadline, std::error_code& error) {
  const SocketAddress address = path_address(path, error);
  if (error) return {};
  return UnixStream(internal::connect_to(address, deadline, error));
}
UnixStream UnixStream::dial(std::string_view path, Deadline deadline) {
  std::error_code error;
  UnixStream stream = dial(path, deadline, error);
  if (error) throw std::system_error(error, "fiber: dial " + std::string(path));
  return stream;
}

std::pair<UnixStream, UnixStream> UnixStream::pair(std::error_code& error) {
  error.clear();
  int fds[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) != 0) {
    error = internal::last_system_error();
    return {};
  }
  UnixStream first(Descriptor::open(fds[0]));
  UnixStream second(Descriptor::open(fds[1]));
  internal::pair_edges(*first.descriptor_, *second.descriptor_);
  return {std::move(first), std::move(second)};
}
std::pair<UnixStream, UnixStream> UnixStream::pair() {
  std::error_code error;
  auto streams = pair(error);
  check_net_error(error, "fiber: socketpair");
  return streams;
}

UnixListener UnixListener::listen(std::string_view path, int backlog, std::error_code& error) {
  const SocketAddress address = path_address(path, error);
  if (error) return {};
  return UnixListener(internal::listen_on(address, backlog, error));
}
UnixListener UnixListener::listen(std::string_view path, std::error_code& error) {
  return listen(path, TcpListener::kLongestBacklog, error);
}
UnixListener UnixListener::listen(std::string_view path, int backlog) {
  std::error_code error;
  UnixListener listener = listen(path, backlog, error);
  if (error) throw std::system_error(error, "fiber: listen on " + std::string(path));
  return listener;
}

UnixStream UnixListener::accept(std::error_code& error) {
  return UnixStream(internal::accept_from(descriptor_, error));
}
UnixStream UnixListener::accept() {
  for (;;) {
    std::error_code error;
    UnixStream stream = accept(error);
    if (!error) return stream;
    if (!is_temporary(error)) internal::throw_net_error(error, "fiber: accept");
  }
}

}  // namespace fiber
