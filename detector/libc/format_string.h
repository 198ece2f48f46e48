// format_string.h: takes formats of printf and scanf apart.
//
// Input:    a format. Output: its conversions, one after the other.
// Not here: formats that name their arguments by position (%1$s): `positional` is set, and
//           their arguments are not checked.
#ifndef FIBERSAN_DETECTOR_LIBC_FORMAT_STRING_H
#define FIBERSAN_DETECTOR_LIBC_FORMAT_STRING_H

#include <cstddef>

namespace fibersan {

enum class Length { kChar, kShort, kInt, kLong, kLongLong, kMax, kSize, kDifference, kLongDouble };

struct Conversion {
  char letter = 0;  // 0: there are no more
  Length length = Length::kInt;
  bool star_width = false;      // an argument before its own: the width
  bool star_precision = false;  // likewise
  bool suppressed = false;      // scanf: assigns nothing
  bool allocates = false;       // scanf: %ms
  bool positional = false;
  int width = -1;  // as written
  int precision = -1;
};

class FormatString {
 public:
  // In scanf a star means another thing, and %[ ends with its bracket.
  enum class Of { kPrint, kScan };
  FormatString(const char* text, Of of) : at_(text), of_(of) {}

  Conversion next();

 private:
  int number();
  Length length();
  void skip_set();

  const char* at_;
  Of of_;
};

inline bool is_floating(const Conversion& conversion) {
  switch (conversion.letter) {
    case 'a':
    case 'A':
    case 'e':
    case 'E':
    case 'f':
    case 'F':
    case 'g':
    case 'G':
      return true;
    default:
      return false;
  }
}

// Of characters and strings: wchar_t.
inline bool is_wide(const Conversion& conversion) {
  return conversion.length == Length::kLong || conversion.letter == 'S' || conversion.letter == 'C';
}

// Of an integer that a conversion stores.
size_t integer_size(Length length);

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_LIBC_FORMAT_STRING_H
