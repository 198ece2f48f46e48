// What all sockets of net.h have.
#include <sys/socket.h>

#include "fiber/net.h"
#include "runtime/net/descriptor.h"

namespace fiber {

using internal::Descriptor;
using internal::Direction;

namespace {

// Calls use(descriptor) while it cannot be closed under its feet; false when it is.
template <typename Use>
bool while_open(Descriptor* descriptor, Use use) {
  if (descriptor == nullptr || !descriptor->lock.enter_shared()) return false;
  use(*descriptor);
  descriptor->leave_shared();
  return true;
}

void set(Descriptor* descriptor, Socket::Deadline deadline, bool read, bool write) {
  while_open(descriptor, [&](Descriptor& open) {
    open.will_end_others();
    if (read) open.record->set_deadline(Direction::kRead, deadline);
    if (write) open.record->set_deadline(Direction::kWrite, deadline);
  });
}

SocketAddress address_by(Descriptor* descriptor, int (*get)(int, sockaddr*, socklen_t*)) {
  SocketAddress result;
  while_open(descriptor, [&](Descriptor& open) {
    sockaddr_storage address;
    socklen_t size = sizeof(address);
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (get(open.fd, generic, &size) == 0) result = SocketAddress(generic, size);
  });
  return result;
}

}  // namespace

void Socket::release() noexcept {
  if (descriptor_ != nullptr) Descriptor::release(descriptor_);
}

bool Socket::is_open() const noexcept {
  return descriptor_ != nullptr && !descriptor_->lock.closed();
}

void Socket::close(std::error_code& error) {
  error = descriptor_ == nullptr ? NetError::kClosed : descriptor_->close();
}
void Socket::close() {
  std::error_code error;
  close(error);
  internal::check_net_error(error, "fiber: close");
}

void Socket::set_deadline(Deadline deadline) noexcept { set(descriptor_, deadline, true, true); }
void Socket::set_read_deadline(Deadline deadline) noexcept {
  set(descriptor_, deadline, true, false);
}
void Socket::set_write_deadline(Deadline deadline) noexcept {
  set(descriptor_, deadline, false, true);
}

SocketAddress Socket::local_address() const { return address_by(descriptor_, getsockname); }
SocketAddress Stream::remote_address() const { return address_by(descriptor_, getpeername); }

int Socket::native_handle() const noexcept { return is_open() ? descriptor_->fd : -1; }

}  // namespace fiber
