#include "runtime/net/resolver.h"

#include <netdb.h>
#include <sys/socket.h>

#include <cerrno>
#include <memory>

#include "fiber/blocking.h"
#include "fiber/net.h"
#include "runtime/net/descriptor.h"

namespace fiber {
namespace internal {
namespace {

struct LookUp {
  const HostPort& from;
  std::vector<SocketAddress> addresses;
  std::error_code error;
};

void look_up(LookUp& call) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;  // each address once
  hints.ai_flags = AI_ADDRCONFIG;
  addrinfo* list = nullptr;
  const char* host = call.from.host.empty() ? nullptr : call.from.host.c_str();
  if (host == nullptr) hints.ai_flags = AI_PASSIVE;
  int result = getaddrinfo(host, call.from.port.c_str(), &hints, &list);
  if (result == EAI_NONAME && host != nullptr) {
    // A machine whose only address is the loopback has "localhost" all the same.
    hints.ai_flags = 0;
    result = getaddrinfo(host, call.from.port.c_str(), &hints, &list);
  }
  if (result != 0) {
    call.error = result == EAI_SYSTEM ? last_system_error() : resolve_error(result);
    return;
  }
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(list, freeaddrinfo);
  for (const addrinfo* entry = list; entry != nullptr; entry = entry->ai_next)
    call.addresses.emplace_back(entry->ai_addr, entry->ai_addrlen);
}

}  // namespace
}  // namespace internal

std::vector<SocketAddress> resolve(std::string_view host_port, std::error_code& error) {
  error.clear();
  internal::HostPort parts;
  if (!internal::split_host_port(host_port, parts)) {
    error = NetError::kBadAddress;
    return {};
  }
  SocketAddress literal;
  if (internal::parse_literal(parts, literal)) return {literal};
  internal::LookUp call{parts, {}, {}};
  blocking([&] { internal::look_up(call); });
  error = call.error;
  return std::move(call.addresses);
}

std::vector<SocketAddress> resolve(std::string_view host_port) {
  std::error_code error;
  auto addresses = resolve(host_port, error);
  if (error) throw std::system_error(error, "fiber: resolve(\"" + std::string(host_port) + "\")");
  return addresses;
}

}  // namespace fiber
