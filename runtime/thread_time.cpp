#include "runtime/thread_time.h"

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>

namespace fiber::internal {

// The clock of a thread's CPU time by its number, which may be gone (clock_getcpuclockid(3)
// has the encoding): 0 then.
int64_t computed_by(int thread_id) {
  const auto clock = static_cast<clockid_t>((~static_cast<unsigned>(thread_id) << 3) | 6u);
  timespec time = {};
  if (clock_gettime(clock, &time) != 0) return 0;
  return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

// The letter of /proc/<pid>/stat: S and D wait in the kernel.
bool sleeps_in_kernel(int thread_id) {
  char text[128];
  std::snprintf(text, sizeof(text), "/proc/self/task/%d/stat", thread_id);
  const int file = open(text, O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  const ssize_t size = read(file, text, sizeof(text) - 1);
  close(file);
  if (size <= 0) return false;
  text[size] = '\0';
  const char* name_end = std::strrchr(text, ')');
  return name_end != nullptr && name_end[1] == ' ' && (name_end[2] == 'S' || name_end[2] == 'D');
}

}  // namespace fiber::internal
