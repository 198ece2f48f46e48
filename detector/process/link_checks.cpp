// link_checks.cpp: mistakes on the link line become link errors that say what to do.
//
// Invariants
//   K1  Every instrumented object refers to the symbol "FiberSan is not linked in: ...",
//       which only libdetector.a defines: without it the linker prints that name.
//   K2  "FiberSan linked twice: ..." is defined by both archives.
//   K3  The table names every hook, so that one that nobody defines does not link.
#include "detector/abi/hooks.h"

extern "C" {

extern const char fsan_linked_in __asm__(
    "FiberSan is not linked in: link with the same --config=fibersan.cfg");
const char fsan_linked_in = 0;

extern const char fsan_linked_once __asm__(
    "FiberSan linked twice: use either fibersan.cfg or fiber.cfg, not both");
const char fsan_linked_once = 0;

#define FSAN_ANY_HOOK(r, name, ...) reinterpret_cast<void*>(&__fsan_##name),
#define FSAN_COLD_HOOK2 FSAN_ANY_HOOK
#define FSAN_COLD_HOOK3 FSAN_ANY_HOOK
#define FSAN_PASS_HOOK2 FSAN_ANY_HOOK
#define FSAN_PASS_HOOK3 FSAN_ANY_HOOK
#define FSAN_PASS_HOOK4 FSAN_ANY_HOOK
#define FSAN_PASS_HOOK5 FSAN_ANY_HOOK
#define FSAN_PASS_HOOK6 FSAN_ANY_HOOK
#define FSAN_PASS_HOOK7 FSAN_ANY_HOOK
#define FSAN_RUNTIME_HOOK FSAN_ANY_HOOK
extern void* const __fsan_hook_table[];
void* const __fsan_hook_table[] = {
#include "detector/abi/hooks.def"
};
}
