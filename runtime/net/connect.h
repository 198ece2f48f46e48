// connect.h: how sockets come into being: made, bound, listening, connected, accepted.
//
// Output:   descriptors that are non-blocking and close-on-exec, or null and an error.
// Threads:  any; connect_to() and accept_from() wait on a fiber.
#ifndef FIBERSAN_RUNTIME_NET_CONNECT_H
#define FIBERSAN_RUNTIME_NET_CONNECT_H

#include <system_error>

#include "fiber/net.h"
#include "runtime/net/descriptor.h"

namespace fiber::internal {

// A socket of the address's family. `type` as for socket(2).
Descriptor* make_socket(const SocketAddress& address, int type, std::error_code& error);

Descriptor* listen_on(const SocketAddress& address, int backlog, std::error_code& error);
Descriptor* bind_datagram(const SocketAddress& address, std::error_code& error);
Descriptor* connect_to(const SocketAddress& address, Socket::Deadline deadline,
                       std::error_code& error);
// `pause`: what a temporary error is followed by, see net.h.
Descriptor* accept_from(Descriptor* listener, std::error_code& error);

void set_option(Descriptor* descriptor, int level, int name, int value, std::error_code& error);

}  // namespace fiber::internal

#endif  // FIBERSAN_RUNTIME_NET_CONNECT_H
