// module_hook.cpp: every instrumented module says hello, so that one that was built for
// another FiberSan is refused before it runs.
#include <unistd.h>

#include <cstdio>

#include "detector/abi/hooks.h"
#include "detector/heap/module_memory.h"
#include "detector/process/module.h"
#include "detector/process/options.h"

extern "C" void __fsan_module_loaded(fsan_u32 abi_version, fsan_u32 instrumented_functions) {
  using namespace fibersan;
  if (abi_version != FSAN_ABI_VERSION) {
    fprintf(stderr,
            "FiberSan: a module of this program was compiled for another FiberSan (version %u of "
            "the hooks, the detector linked in has %u): compile all of it with one fibersan.cfg\n",
            abi_version, FSAN_ABI_VERSION);
    fflush(stderr);
    _exit(1);
  }
  module_is_fresh(reinterpret_cast<uintptr_t>(__builtin_return_address(0)));
  note_module(instrumented_functions);
  if (options.verbosity > 0) {
    fprintf(stderr, "FiberSan: a module with %u instrumented functions\n", instrumented_functions);
  }
}
