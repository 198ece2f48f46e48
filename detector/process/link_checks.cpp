// link_checks.cpp: mistakes on the link line become link errors that say what to do.
//
// Invariants
//   K1  Every instrumented object refers to the symbol "FiberSan is not linked in: ...",
//       which only libdetector.a defines: without it the linker prints that name.
//   K2  "FiberSan linked twice: ..." is defined by both archives.
//   K3  The table names every hook, so that one that nobody defines does not link.
//   K4  The program has a note that says which detector it has (abi/note.h).
#include "detector/abi/hooks.h"
#include "detector/abi/note.h"

namespace {

constexpr unsigned padded(unsigned long size) { return (size + 3) / 4 * 4; }

__attribute__((section(FSAN_NOTE_SECTION), aligned(4), used)) const struct {
  uint32_t name_size;
  uint32_t description_size;
  uint32_t type;
  char name[padded(sizeof FSAN_NOTE_NAME)];
  fsan_note description;
  char texts[padded(sizeof FIBERSAN_VERSION + 1)];  // no options
} note = {sizeof FSAN_NOTE_NAME, sizeof note.description + sizeof note.texts,
          FSAN_NOTE_DETECTOR,    FSAN_NOTE_NAME,
          {FSAN_ABI_VERSION, 0}, FIBERSAN_VERSION};

}  // namespace

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
