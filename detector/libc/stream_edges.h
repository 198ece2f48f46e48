// stream_edges.h: the edges of a stream's descriptor (descriptor.h).
//
// Standard output and error are left out: nobody in this process reads them, and each printf
// would pay for a system call.
#ifndef FIBERSAN_DETECTOR_LIBC_STREAM_EDGES_H
#define FIBERSAN_DETECTOR_LIBC_STREAM_EDGES_H

#include <errno.h>
#include <stdio.h>

#include "detector/libc/descriptor.h"

namespace fibersan {

// -1: a stream without one, in memory.
inline int descriptor_of(FILE* stream) {
  const int saved = errno;
  const int fd = fileno(stream);
  errno = saved;
  return fd;
}

inline void note_stream_written(FILE* stream) {
  if (stream == stdout || stream == stderr) return;
  if (const int fd = descriptor_of(stream); fd >= 0) note_bytes_sent(fd);
}
inline void note_stream_read(FILE* stream) {
  if (const int fd = descriptor_of(stream); fd >= 0) note_bytes_received(fd);
}

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_LIBC_STREAM_EDGES_H
