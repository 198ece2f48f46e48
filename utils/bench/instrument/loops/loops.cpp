// loops.cpp: compiled with -DLOOPS=plain_loops and so on.
#include "loops.h"

namespace {

template <typename T, typename Sum>
Sum sum(const T* values, long count) {
  Sum result = 0;
  for (long i = 0; i < count; ++i) result += values[i];
  return result;
}
template <typename T>
void fill(T* values, long count, T value) {
  for (long i = 0; i < count; ++i) values[i] = static_cast<T>(value + static_cast<T>(i));
}

}  // namespace

constinit const Loops LOOPS = {sum<char, long>, sum<int, long>, sum<double, double>,
                               fill<char>,      fill<int>,      fill<double>};
