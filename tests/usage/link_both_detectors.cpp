// A program has exactly one detector: the real one or the empty one. Both is a link error
// whose text says so, whatever order they come in.
//
// RUN: not %fibersan %s -o %t -Wl,--whole-archive %build/lib/libno_detector.a -Wl,--no-whole-archive 2>&1 | FileCheck %s
// RUN: not %fiber %s -o %t -Wl,--whole-archive %build/lib/libdetector.a -Wl,--no-whole-archive 2>&1 | FileCheck %s
// RUN: not %fibersan --config=%build/fiber.cfg %s -o %t 2>&1 | FileCheck %s
int main() { return 0; }

// CHECK: use either fibersan.cfg or fiber.cfg, not both
