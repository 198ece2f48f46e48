// net_address.h: where a socket is: an IPv4 or IPv6 address with its port, or a Unix path.
#ifndef FIBER_NET_ADDRESS_H
#define FIBER_NET_ADDRESS_H

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

struct sockaddr;

namespace fiber {

class SocketAddress {
 public:
  SocketAddress() = default;  // of no family
  SocketAddress(const sockaddr* address, std::size_t size);

  // "192.0.2.1:80", "[2001:db8::1]:80", ":80" (every address of this machine). No names: see
  // resolve(). Throws std::system_error (invalid_argument) when it is none of these.
  static SocketAddress parse(std::string_view text);
  // A path in the file system, or after an '@' a name in Linux's abstract space; at most
  // 107 bytes, else std::system_error (filename_too_long).
  static SocketAddress unix_path(std::string_view path);

  // As parse() and unix_path() read it; "" of no family and of a Unix socket without a name.
  std::string to_string() const;
  std::string ip() const;      // without port; "" unless IPv4 or IPv6
  std::uint16_t port() const;  // 0 unless IPv4 or IPv6
  void set_port(std::uint16_t port);
  int family() const;  // AF_INET, AF_INET6, AF_UNIX, or AF_UNSPEC

  const sockaddr* data() const { return reinterpret_cast<const sockaddr*>(bytes_); }
  std::size_t size() const { return size_; }

  friend bool operator==(const SocketAddress& a, const SocketAddress& b);
  friend bool operator!=(const SocketAddress& a, const SocketAddress& b) { return !(a == b); }

 private:
  alignas(8) unsigned char bytes_[112] = {};
  std::uint32_t size_ = 0;
};

}  // namespace fiber

#endif  // FIBER_NET_ADDRESS_H
