// no_detector.cpp: every runtime hook, empty. A plain build links this in the
// detector's place.
//
// Output:   definitions generated from hooks.def, so none can be forgotten; each
//           returns 0 (no detector) or a null fiber.
// Not here: pass hooks. An instrumented object must not link without a detector.
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
  r __fsan_##name parameters { return (r)0; }

#pragma clang diagnostic ignored "-Wunused-parameter"  // the list names them all

extern "C" {
#include "detector/abi/hooks.def"

const uint8_t __fsan_listening = 0;

// Defined here and in the detector: linking both is a duplicate symbol, and its
// name is the linker's message.
extern const char fsan_linked_once __asm__(
    "FiberSan linked twice: use either fibersan.cfg or fiber.cfg, not both");
const char fsan_linked_once = 0;
}
