// loops.h: the loops that short_loops measures, once for each way they are compiled.
#pragma once

// Counts are not known when compiling.
struct Loops {
  long (*sum_chars)(const char* values, long count);
  long (*sum_ints)(const int* values, long count);
  double (*sum_doubles)(const double* values, long count);
  void (*fill_chars)(char* values, long count, char value);
  void (*fill_ints)(int* values, long count, int value);
  void (*fill_doubles)(double* values, long count, double value);
};
extern const Loops plain_loops, elements_loops, range_loops;
