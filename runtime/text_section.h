// text_section.h: the runtime's own code lies together, so that an address tells it from the
// program's. Included in front of every source of the runtime by its CMakeLists.txt.
//
// Output:   the section fiber_runtime_text, between the linker's __start_ and __stop_ symbols; in
//           FIBER_ENTRY_TEXT beside it what calls a fiber's function or a callback.
// Not here: who asks, see runtime/world/code.h.
#ifndef FIBERSAN_RUNTIME_TEXT_SECTION_H
#define FIBERSAN_RUNTIME_TEXT_SECTION_H

// Below everything that a fiber does: it does not mean that the runtime is at work.
#define FIBER_ENTRY_TEXT __attribute__((section("fiber_entry_text"), noinline))

#endif  // FIBERSAN_RUNTIME_TEXT_SECTION_H

// Each time, also where precompiled headers have included this one.
#pragma clang section text = "fiber_runtime_text"
