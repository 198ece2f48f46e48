#include "runtime/thread_locks/real.h"

#include <dlfcn.h>

#include <cstdio>
#include <cstdlib>

namespace fiber::internal {

void* next_function(const char* name) {
  void* function = dlsym(RTLD_NEXT, name);
  if (function == nullptr) {
    std::fprintf(stderr, "fatal error: the C library has no function %s\n", name);
    std::_Exit(2);
  }
  return function;
}

}  // namespace fiber::internal
