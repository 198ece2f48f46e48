#include "detector/process/main_thread.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>

namespace fibersan {
namespace {

constexpr uintptr_t kLargestStack = uintptr_t{1} << 30;  // for "ulimit -s unlimited"

StackBounds bounds;

// Reads "low-high ..." lines one character at a time: this runs before main, without stdio.
class MapsReader {
 public:
  MapsReader() : file_(open("/proc/self/maps", O_RDONLY | O_CLOEXEC)) {}
  ~MapsReader() {
    if (file_ >= 0) close(file_);
  }
  MapsReader(const MapsReader&) = delete;
  MapsReader& operator=(const MapsReader&) = delete;

  bool next(StackBounds& range) {
    int end = '\0';
    range.low = hex(end);
    if (end != '-') return false;
    range.high = hex(end);
    while (end != '\n' && end >= 0) end = get();
    return true;
  }

 private:
  int get() {
    if (position_ == size_) {
      ssize_t n = file_ < 0 ? 0 : read(file_, buffer_, sizeof buffer_);
      if (n <= 0) return -1;
      size_ = static_cast<size_t>(n);
      position_ = 0;
    }
    return static_cast<unsigned char>(buffer_[position_++]);
  }

  uintptr_t hex(int& end) {
    uintptr_t number = 0;
    for (;;) {
      end = get();
      if (end >= '0' && end <= '9') {
        number = number * 16 + static_cast<uintptr_t>(end - '0');
      } else if (end >= 'a' && end <= 'f') {
        number = number * 16 + static_cast<uintptr_t>(end - 'a' + 10);
      } else {
        return number;
      }
    }
  }

  int file_;
  size_t size_ = 0;
  size_t position_ = 0;
  char buffer_[1024];
};

}  // namespace

StackBounds find_main_thread_stack() {
  if (bounds.high != 0) return bounds;
  auto here = reinterpret_cast<uintptr_t>(__builtin_frame_address(0));
  MapsReader maps;
  StackBounds range;
  while (maps.next(range)) {
    if (here < range.low || here >= range.high) continue;
    rlimit limit;
    uintptr_t size = getrlimit(RLIMIT_STACK, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY
                         ? std::min<uintptr_t>(limit.rlim_cur, kLargestStack)
                         : kLargestStack;
    bounds = {std::min(range.low, range.high - std::min(size, range.high)), range.high};  // M1
    break;
  }
  return bounds;
}

StackBounds main_thread_stack() { return bounds; }

bool main_thread_stack_contains(uintptr_t address) {
  return address >= bounds.low && address < bounds.high;
}

}  // namespace fibersan
