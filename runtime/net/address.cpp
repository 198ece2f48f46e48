// The library's side of net_address.h.
#include "fiber/net_address.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <system_error>

#include "fiber/net.h"
#include "runtime/net/resolver.h"

namespace fiber {
namespace {

template <typename T>
T read_as(const SocketAddress& address) {
  T result{};
  std::memcpy(&result, address.data(), std::min<std::size_t>(sizeof(T), address.size()));
  return result;
}

template <typename T>
SocketAddress address_of(const T& address) {
  return {reinterpret_cast<const sockaddr*>(&address), sizeof(T)};
}

// "fe80::1%eth0" or "fe80::1%2": the number of the interface.
uint32_t scope_of(const std::string& zone) {
  uint32_t index = 0;
  const auto [end, error] = std::from_chars(zone.data(), zone.data() + zone.size(), index);
  if (error == std::errc() && end == zone.data() + zone.size()) return index;
  return if_nametoindex(zone.c_str());
}

bool parse_ipv6(std::string host, uint16_t port, SocketAddress& result) {
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_port = htons(port);
  if (const size_t percent = host.find('%'); percent != std::string::npos) {
    address.sin6_scope_id = scope_of(host.substr(percent + 1));
    if (address.sin6_scope_id == 0) return false;
    host.resize(percent);
  }
  if (inet_pton(AF_INET6, host.c_str(), &address.sin6_addr) != 1) return false;
  result = address_of(address);
  return true;
}

}  // namespace

namespace internal {

bool split_host_port(std::string_view text, HostPort& result) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return false;
  std::string_view host = text.substr(0, colon);
  if (!host.empty() && host.front() == '[') {
    if (host.size() < 2 || host.back() != ']') return false;
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return false;  // "::1:80" could be read in two ways
  }
  result = {std::string(host), std::string(text.substr(colon + 1))};
  return true;
}

bool parse_literal(const HostPort& from, SocketAddress& result) {
  uint16_t port = 0;
  const char* end = from.port.data() + from.port.size();
  const auto [stopped, error] = std::from_chars(from.port.data(), end, port);
  if (error != std::errc() || stopped != end) return false;
  sockaddr_in ipv4{};
  ipv4.sin_family = AF_INET;
  ipv4.sin_port = htons(port);
  if (inet_pton(AF_INET, from.host.c_str(), &ipv4.sin_addr) == 1) {
    result = address_of(ipv4);
    return true;
  }
  return parse_ipv6(from.host.empty() ? "::" : from.host, port, result);
}

}  // namespace internal

SocketAddress::SocketAddress(const sockaddr* address, std::size_t size) {
  size_ = static_cast<std::uint32_t>(std::min(size, sizeof(bytes_)));
  std::memcpy(bytes_, address, size_);
}

SocketAddress SocketAddress::parse(std::string_view text) {
  internal::HostPort parts;
  SocketAddress result;
  if (!internal::split_host_port(text, parts) || !internal::parse_literal(parts, result)) {
    throw std::system_error(NetError::kBadAddress,
                            "fiber: SocketAddress::parse(\"" + std::string(text) + "\")");
  }
  return result;
}

SocketAddress SocketAddress::unix_path(std::string_view path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) {
    throw std::system_error(std::make_error_code(std::errc::filename_too_long),
                            "fiber: a Unix socket's path has at most 107 bytes");
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  const bool abstract = !path.empty() && path.front() == '@';
  if (abstract) address.sun_path[0] = 0;
  const size_t size = offsetof(sockaddr_un, sun_path) + path.size() + (abstract ? 0 : 1);
  return {reinterpret_cast<const sockaddr*>(&address), path.empty() ? sizeof(sa_family_t) : size};
}

int SocketAddress::family() const { return size_ == 0 ? AF_UNSPEC : data()->sa_family; }

std::uint16_t SocketAddress::port() const {
  switch (family()) {
    case AF_INET:
      return ntohs(read_as<sockaddr_in>(*this).sin_port);
    case AF_INET6:
      return ntohs(read_as<sockaddr_in6>(*this).sin6_port);
    default:
      return 0;
  }
}

void SocketAddress::set_port(std::uint16_t port) {
  // In both families the port comes right behind the family.
  static_assert(offsetof(sockaddr_in, sin_port) == offsetof(sockaddr_in6, sin6_port));
  const std::uint16_t value = htons(port);
  if (family() == AF_INET || family() == AF_INET6)
    std::memcpy(bytes_ + offsetof(sockaddr_in, sin_port), &value, sizeof(value));
}

std::string SocketAddress::ip() const {
  char text[INET6_ADDRSTRLEN] = "";
  if (family() == AF_INET) {
    const auto address = read_as<sockaddr_in>(*this);
    inet_ntop(AF_INET, &address.sin_addr, text, sizeof(text));
  } else if (family() == AF_INET6) {
    const auto address = read_as<sockaddr_in6>(*this);
    inet_ntop(AF_INET6, &address.sin6_addr, text, sizeof(text));
    if (address.sin6_scope_id != 0)
      return std::string(text) + "%" + std::to_string(address.sin6_scope_id);
  }
  return text;
}

std::string SocketAddress::to_string() const {
  switch (family()) {
    case AF_INET:
      return ip() + ":" + std::to_string(port());
    case AF_INET6:
      return "[" + ip() + "]:" + std::to_string(port());
    case AF_UNIX:
      break;
    default:
      return "";
  }
  constexpr size_t kPath = offsetof(sockaddr_un, sun_path);
  if (size_ <= kPath) return "";
  const char* path = reinterpret_cast<const char*>(bytes_) + kPath;
  if (path[0] == 0) return "@" + std::string(path + 1, size_ - kPath - 1);
  return {path, strnlen(path, size_ - kPath)};
}

bool operator==(const SocketAddress& a, const SocketAddress& b) {
  return a.size_ == b.size_ && std::memcmp(a.bytes_, b.bytes_, a.size_) == 0;
}

}  // namespace fiber
