#include "runtime/world/kernel_words.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "runtime/net/poller.h"
#include "runtime/world/proc.h"

namespace fiber::internal {
namespace {

constexpr size_t kMostInstances = 4096;

// What has a type is none, and mostly a socket: a name would cost ten times as much.
bool has_a_type(int number) {
  struct stat file = {};
  if (syscall(SYS_fstat, number, &file) != 0) return false;
  return (file.st_mode & S_IFMT) != 0 && !S_ISREG(file.st_mode);
}

bool is_epoll(int number) {
  if (has_a_type(number)) return false;
  char path[64];
  char name[32] = {};
  std::snprintf(path, sizeof(path), "/proc/self/fd/%d", number);
  const long size = syscall(SYS_readlink, path, name, sizeof(name) - 1);
  return size > 0 && std::strcmp(name, "anon_inode:[eventpoll]") == 0;
}

}  // namespace

bool KernelWords::prepare() {
  if (!instances_.reserve(kMostInstances) || !words_.reserve(room_)) return false;
  instances_.clear();
  const ProcFile folder("/proc/self/fd", O_DIRECTORY);
  if (!folder.is_open()) return true;
  static_cast<void>(for_each_number(
      folder,
      [](int number, void* instances) {
        if (poller.is_own(number) || !is_epoll(number)) return;
        static_cast<void>(static_cast<Pages<int>*>(instances)->add(number));
      },
      &instances_));
  return true;
}

bool KernelWords::read() {
  words_.clear();
  for (size_t i = 0; i < instances_.size(); ++i) {
    if (read_instance(instances_[i])) continue;
    room_ *= 2;
    return false;
  }
  return true;
}

// Lines "tfd: 5 events: 19 data: 7f00c0ffee00 ..."
bool KernelWords::read_instance(int epoll) {
  static constinit char text[8192] = {};
  constexpr char kData[] = "data:";
  char path[64];
  std::snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", epoll);
  const ProcFile file(path);
  if (!file.is_open()) return true;  // closed since
  size_t kept = 0;
  while (const size_t size = file.read(text + kept, sizeof(text) - 1 - kept)) {
    text[kept + size] = '\0';
    char* line = text;
    while (char* end = std::strchr(line, '\n')) {
      *end = '\0';
      const char* data = std::strstr(line, kData);
      if (data != nullptr && !words_.add(std::strtoull(data + sizeof(kData) - 1, nullptr, 16)))
        return false;
      line = end + 1;
    }
    kept = std::strlen(line);  // of a line that goes on
    if (kept == sizeof(text) - 1) kept = 0;
    std::memmove(text, line, kept);
  }
  return true;
}

}  // namespace fiber::internal
