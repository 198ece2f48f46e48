// Datagram sockets of net.h: UDP and Unix.
#include <sys/socket.h>

#include <algorithm>

#include "fiber/net.h"
#include "runtime/net/connect.h"

namespace fiber {

using internal::check_net_error;
using internal::Descriptor;
using internal::Direction;
using internal::Inside;

namespace {

std::size_t receive(Descriptor* descriptor, void* buffer, std::size_t size, SocketAddress* sender,
                    std::error_code& error) {
  sockaddr_storage from;
  socklen_t from_size = sizeof(from);
  auto* generic = reinterpret_cast<sockaddr*>(&from);
  const ssize_t count = internal::operate(descriptor, Direction::kRead, error, [&] {
    from_size = sizeof(from);
    return recvfrom(descriptor->fd, buffer, size, 0, generic, &from_size);
  });
  if (count < 0) return 0;
  internal::datagram_received(*descriptor);
  if (const auto stored = std::min(static_cast<std::size_t>(count), size); stored != 0)
    __fsan_object_written(buffer, stored);
  if (sender != nullptr) *sender = SocketAddress(generic, from_size);
  return static_cast<std::size_t>(count);
}

void send_datagram(Descriptor* descriptor, const void* data, std::size_t size,
                   const SocketAddress& receiver, std::error_code& error) {
  Inside inside(descriptor, Direction::kWrite, error);
  if (!inside.entered()) return;
  if (size != 0) __fsan_object_read(data, size);
  internal::datagram_sent(*descriptor, receiver);
  inside.until_done([&] {
    return ::sendto(descriptor->fd, data, size, MSG_NOSIGNAL,
                    receiver.size() == 0 ? nullptr : receiver.data(),
                    static_cast<socklen_t>(receiver.size()));
  });
}

}  // namespace

std::size_t DatagramSocket::receive(void* buffer, std::size_t size, std::error_code& error) {
  return fiber::receive(descriptor_, buffer, size, nullptr, error);
}
std::size_t DatagramSocket::receive_from(void* buffer, std::size_t size, SocketAddress& sender,
                                         std::error_code& error) {
  return fiber::receive(descriptor_, buffer, size, &sender, error);
}
void DatagramSocket::send(const void* data, std::size_t size, std::error_code& error) {
  send_datagram(descriptor_, data, size, {}, error);
}
void DatagramSocket::send_to(const void* data, std::size_t size, const SocketAddress& receiver,
                             std::error_code& error) {
  send_datagram(descriptor_, data, size, receiver, error);
}

void DatagramSocket::connect(const SocketAddress& peer, std::error_code& error) {
  if (descriptor_ == nullptr || !descriptor_->lock.enter_shared()) {
    error = NetError::kClosed;
    return;
  }
  error.clear();
  if (::connect(descriptor_->fd, peer.data(), static_cast<socklen_t>(peer.size())) != 0)
    error = internal::last_system_error();
  descriptor_->leave_shared();
}

// --- the throwing forms ---

std::size_t DatagramSocket::receive(void* buffer, std::size_t size) {
  std::error_code error;
  const std::size_t count = receive(buffer, size, error);
  check_net_error(error, "fiber: receive");
  return count;
}
std::size_t DatagramSocket::receive_from(void* buffer, std::size_t size, SocketAddress& sender) {
  std::error_code error;
  const std::size_t count = receive_from(buffer, size, sender, error);
  check_net_error(error, "fiber: receive_from");
  return count;
}
void DatagramSocket::send(const void* data, std::size_t size) {
  std::error_code error;
  send(data, size, error);
  check_net_error(error, "fiber: send");
}
void DatagramSocket::send_to(const void* data, std::size_t size, const SocketAddress& receiver) {
  std::error_code error;
  send_to(data, size, receiver, error);
  check_net_error(error, "fiber: send_to");
}
void DatagramSocket::connect(const SocketAddress& peer) {
  std::error_code error;
  connect(peer, error);
  check_net_error(error, "fiber: connect");
}

// --- making them ---

UdpSocket UdpSocket::bind(std::string_view host_port, std::error_code& error) {
  for (const SocketAddress& address : resolve(host_port, error)) {
    if (Descriptor* descriptor = internal::bind_datagram(address, error))
      return UdpSocket(descriptor);
  }
  return {};
}
UdpSocket UdpSocket::bind(std::string_view host_port) {
  std::error_code error;
  UdpSocket socket = bind(host_port, error);
  if (error) throw std::system_error(error, "fiber: bind " + std::string(host_port));
  return socket;
}

UdpSocket UdpSocket::dial(std::string_view host_port, std::error_code& error) {
  for (const SocketAddress& address : resolve(host_port, error)) {
    UdpSocket socket(internal::make_socket(address, SOCK_DGRAM, error));
    if (error) continue;
    socket.connect(address, error);
    if (!error) return socket;
  }
  return {};
}
UdpSocket UdpSocket::dial(std::string_view host_port) {
  std::error_code error;
  UdpSocket socket = dial(host_port, error);
  if (error) throw std::system_error(error, "fiber: dial " + std::string(host_port));
  return socket;
}

UnixDatagram UnixDatagram::bind(std::string_view path, std::error_code& error) {
  error.clear();
  try {
    return UnixDatagram(internal::bind_datagram(SocketAddress::unix_path(path), error));
  } catch (const std::system_error& e) {
    error = e.code();
    return {};
  }
}
UnixDatagram UnixDatagram::bind(std::string_view path) {
  std::error_code error;
  UnixDatagram socket = bind(path, error);
  if (error) throw std::system_error(error, "fiber: bind " + std::string(path));
  return socket;
}

}  // namespace fiber
