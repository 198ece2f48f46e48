// resolver.h: names to addresses.
#ifndef FIBERSAN_RUNTIME_NET_RESOLVER_H
#define FIBERSAN_RUNTIME_NET_RESOLVER_H

#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "fiber/net_address.h"

namespace fiber::internal {

struct HostPort {
  std::string host;
  std::string port;
};

// Splits at the last colon; brackets around the host are taken off. False: there is none.
bool split_host_port(std::string_view text, HostPort& result);

// False: host or port is a name.
bool parse_literal(const HostPort& from, SocketAddress& result);

// Of an EAI_ value.
std::error_code resolve_error(int value);

}  // namespace fiber::internal

#endif  // FIBERSAN_RUNTIME_NET_RESOLVER_H
