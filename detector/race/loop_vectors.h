// loop_vectors.h: may the checks of ranges use AVX-512 (loop_entry.cpp)? Tests try both.
#ifndef FIBERSAN_DETECTOR_RACE_LOOP_VECTORS_H
#define FIBERSAN_DETECTOR_RACE_LOOP_VECTORS_H

// 1: it has registers that nobody else has values in. Set before the program's constructors run.
extern "C" [[gnu::visibility("hidden")]] unsigned char __fsan_loop_vectors;

#endif  // FIBERSAN_DETECTOR_RACE_LOOP_VECTORS_H
