// kernel_words.h: what the program has given to epoll to be handed back (epoll_data), which may be
// the only reference to something.
//
// Input:    the kernel's lists, /proc/self/fdinfo.
// Cost:     before the stop a system call for each descriptor; in it three and a line for each
//           descriptor in an epoll instance of the program. The poller's own, which knows records
//           of ours only, is left out.
// Threads:  one caller at a time. read() allocates nothing and takes no lock.
// Not here: io_uring, timer_create() and the like: those need root_region() (debug.h).
#ifndef FIBERSAN_RUNTIME_WORLD_KERNEL_WORDS_H
#define FIBERSAN_RUNTIME_WORLD_KERNEL_WORDS_H

#include <cstddef>
#include <cstdint>

#include "runtime/world/pages.h"

namespace fiber::internal {

class KernelWords {
 public:
  // Before the stop: which instances there are. False: no memory.
  [[nodiscard]] bool prepare();
  // While the world stands still. False: more than there was room for.
  [[nodiscard]] bool read();
  const uint64_t* words() { return words_.data(); }
  size_t count() const { return words_.size(); }

 private:
  bool read_instance(int epoll);

  Pages<int> instances_;
  Pages<uint64_t> words_;
  size_t room_ = 1024;  // words the next time
};

}  // namespace fiber::internal

#endif  // FIBERSAN_RUNTIME_WORLD_KERNEL_WORDS_H
