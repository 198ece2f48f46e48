// annotations.h: marks that instrumented code understands.
//
// Output:   FIBERSAN_IGNORE before a function, or behind the parameters of a lambda: its own
//           plain memory accesses are not checked. What it calls still is, and what it orders
//           (atomics, locks) counts. No effect in a plain build.
#ifndef FIBER_ANNOTATIONS_H
#define FIBER_ANNOTATIONS_H

// Both: clang 19 does not pass the first on for lambdas.
#define FIBERSAN_IGNORE \
  __attribute__((disable_sanitizer_instrumentation, annotate("fibersan_ignore")))

#endif  // FIBER_ANNOTATIONS_H
