#include "detector/heap/real_function.h"

#include <dlfcn.h>
#include <unistd.h>

#include <cstring>

#include "detector/clock/signal_delay.h"
#include "detector/heap/inside_detector.h"

namespace fibersan {
namespace {

[[noreturn]] void no_function(const char* name) {
  constexpr char kText[] = "FiberSan: the C library has no function ";
  if (write(STDERR_FILENO, kText, sizeof kText - 1) < 0 ||
      write(STDERR_FILENO, name, strlen(name)) < 0 || write(STDERR_FILENO, "\n", 1) < 0)
    _exit(1);
  _exit(1);
}

}  // namespace

void* next_function(const char* name, const char* version) {
  const InsideDetector inside;   // dlsym() may allocate
  const SignalsWait no_handler;  // and has locks
  void* function = version == nullptr ? nullptr : dlvsym(RTLD_NEXT, name, version);
  if (function == nullptr) function = dlsym(RTLD_NEXT, name);
  if (function == nullptr) no_function(name);
  return function;
}

}  // namespace fibersan
