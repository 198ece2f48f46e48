// names.h: names in arrays of fixed size, cut where they do not fit.
#ifndef FIBERSAN_DETECTOR_RACE_NAMES_H
#define FIBERSAN_DETECTOR_RACE_NAMES_H

#include <cstddef>

namespace fibersan {

template <size_t kSize>
void copy_name(char (&to)[kSize], const char* from) {
  size_t length = 0;
  while (from != nullptr && from[length] != 0 && length + 1 < kSize) {
    to[length] = from[length];
    ++length;
  }
  to[length] = 0;
}

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_RACE_NAMES_H
