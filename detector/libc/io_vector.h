// io_vector.h: the checks of a list of buffers. In twins only, see twin.h.
#ifndef FIBERSAN_DETECTOR_LIBC_IO_VECTOR_H
#define FIBERSAN_DETECTOR_LIBC_IO_VECTOR_H

#include <sys/uio.h>

#include "detector/libc/twin.h"

namespace fibersan {

[[clang::always_inline]] inline void check_read_parts(const iovec* parts, size_t count) {
  check_read(parts, count * sizeof(*parts));
  for (size_t i = 0; i < count; ++i) check_read(parts[i].iov_base, parts[i].iov_len);
}

// The first `bytes` bytes of all parts together.
[[clang::always_inline]] inline void check_write_parts(const iovec* parts, size_t count,
                                                       size_t bytes) {
  for (size_t i = 0; i < count && bytes != 0; ++i) {
    const size_t here = parts[i].iov_len < bytes ? parts[i].iov_len : bytes;
    check_write(parts[i].iov_base, here);
    bytes -= here;
  }
}

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_LIBC_IO_VECTOR_H
