#include "runtime/error_number.h"

#include <cerrno>

namespace fiber::internal {

__attribute__((noinline)) int error_number() {
  asm volatile("");  // not to be merged with another call
  return errno;
}

__attribute__((noinline)) void set_error_number(int value) {
  asm volatile("");
  errno = value;
}

}  // namespace fiber::internal
