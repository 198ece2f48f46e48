// annotations.h: marks that instrumented code understands.
//
// Output:   FIBERSAN_IGNORE before a function: its own memory accesses are not checked.
//           What it calls still is. No effect in a plain build.
#ifndef FIBER_ANNOTATIONS_H
#define FIBER_ANNOTATIONS_H

#define FIBERSAN_IGNORE __attribute__((disable_sanitizer_instrumentation))

#endif  // FIBER_ANNOTATIONS_H
