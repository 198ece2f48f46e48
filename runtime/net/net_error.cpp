// The error categories of net.h.
#include <netdb.h>

#include <cerrno>

#include "fiber/net.h"
#include "runtime/net/descriptor.h"
#include "runtime/net/resolver.h"

namespace fiber {
namespace {

class NetCategory final : public std::error_category {
 public:
  const char* name() const noexcept override { return "fiber.net"; }
  std::string message(int value) const override {
    switch (static_cast<NetError>(value)) {
      case NetError::kClosed:
        return "the socket is closed";
      case NetError::kDeadlineExceeded:
        return "the deadline has passed";
      case NetError::kNeedsFiber:
        return "it would have to wait: call it from a fiber";
      case NetError::kBadAddress:
        return "not an address: expected host:port, [ipv6]:port or :port";
    }
    return "unknown error";
  }
  std::error_condition default_error_condition(int value) const noexcept override {
    switch (static_cast<NetError>(value)) {
      case NetError::kClosed:
        return std::errc::operation_canceled;
      case NetError::kDeadlineExceeded:
        return std::errc::timed_out;
      case NetError::kNeedsFiber:
        return std::errc::operation_would_block;
      case NetError::kBadAddress:
        return std::errc::invalid_argument;
    }
    return {value, *this};
  }
};

class ResolveCategory final : public std::error_category {
 public:
  const char* name() const noexcept override { return "fiber.resolve"; }
  std::string message(int value) const override { return gai_strerror(value); }
};

// Not destroyed: an error_code may be looked at until the very end.
[[clang::no_destroy]] constinit const NetCategory net_category;
[[clang::no_destroy]] constinit const ResolveCategory resolve_category;

}  // namespace

std::error_code make_error_code(NetError error) noexcept {
  return {static_cast<int>(error), net_category};
}

bool is_temporary(const std::error_code& error) noexcept {
  if (error.category() != std::system_category() && error.category() != std::generic_category())
    return false;
  const int value = error.value();
  return value == EMFILE || value == ENFILE || value == ENOBUFS || value == ENOMEM;
}

namespace internal {

std::error_code resolve_error(int value) { return {value, resolve_category}; }

void throw_net_error(const std::error_code& error, const char* what) {
  throw std::system_error(error, what);
}

}  // namespace internal
}  // namespace fiber
