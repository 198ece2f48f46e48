// Every runtime hook, empty and weak: probe.cpp defines those that a test looks at.
#include "detector/abi/hooks.h"

#define FSAN_COLD_HOOK2(...)
#define FSAN_COLD_HOOK3(...)
#define FSAN_PASS_HOOK2(...)
#define FSAN_PASS_HOOK3(...)
#define FSAN_PASS_HOOK4(...)
#define FSAN_PASS_HOOK5(...)
#define FSAN_PASS_HOOK6(...)
#define FSAN_PASS_HOOK7(...)
#define FSAN_RUNTIME_HOOK(r, name, parameters) \
  __attribute__((weak)) r __fsan_##name parameters { return (r)0; }

#pragma clang diagnostic ignored "-Wunused-parameter"  // the list names them all

extern "C" {
#include "detector/abi/hooks.def"
}
