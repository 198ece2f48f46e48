// Formatted input: what was assigned is written.
#include <stdio.h>

#include <cstdarg>
#include <cstdint>
#include <cwchar>

#include "detector/libc/format_string.h"
#include "detector/libc/stream_edges.h"
#include "detector/libc/twin.h"

using namespace fibersan;

namespace {

// Bytes that a conversion stored at `place`.
size_t stored(const Conversion& conversion, const void* place) {
  const size_t width = conversion.width < 0 ? 1 : static_cast<size_t>(conversion.width);
  if (conversion.allocates) return sizeof(char*);
  if (is_floating(conversion)) {
    return conversion.length == Length::kLongDouble ? sizeof(long double)
           : conversion.length == Length::kLong     ? sizeof(double)
                                                    : sizeof(float);
  }
  switch (conversion.letter) {
    case 's':
    case 'S':
    case '[':
      return is_wide(conversion)
                 ? (wcslen(static_cast<const wchar_t*>(place)) + 1) * sizeof(wchar_t)
                 : strlen(static_cast<const char*>(place)) + 1;
    case 'c':
    case 'C':
      return is_wide(conversion) ? width * sizeof(wchar_t) : width;
    case 'p':
      return sizeof(void*);
    default:
      return integer_size(conversion.length);
  }
}

[[clang::always_inline]] inline void check_assigned(const char* format, va_list given,
                                                    int assigned) {
  check_read_text(format);
  va_list arguments;
  va_copy(arguments, given);
  FormatString conversions(format, FormatString::Of::kScan);
  for (Conversion next = conversions.next(); next.letter != 0; next = conversions.next()) {
    if (next.positional) break;
    if (next.suppressed) continue;
    // %n counts for nothing, and is stored when everything before it matched.
    if (next.letter != 'n' && assigned-- <= 0) break;
    const void* place = va_arg(arguments, void*);
    if (next.letter == 'n' && assigned <= 0) break;  // not known whether it got so far
    check_write(place, stored(next, place));
  }
  va_end(arguments);
}

}  // namespace

FIBERSAN_TWIN(int, vscanf, const char* format, va_list arguments) {
  va_list again;
  va_copy(again, arguments);
  const int assigned = vscanf(format, arguments);
  note_stream_read(stdin);
  check_assigned(format, again, assigned);
  va_end(again);
  return assigned;
}
FIBERSAN_TWIN(int, vfscanf, FILE* stream, const char* format, va_list arguments) {
  va_list again;
  va_copy(again, arguments);
  const int assigned = vfscanf(stream, format, arguments);
  note_stream_read(stream);
  check_assigned(format, again, assigned);
  va_end(again);
  return assigned;
}
FIBERSAN_TWIN(int, vsscanf, const char* text, const char* format, va_list arguments) {
  va_list again;
  va_copy(again, arguments);
  check_read_text(text);
  const int assigned = vsscanf(text, format, arguments);
  check_assigned(format, again, assigned);
  va_end(again);
  return assigned;
}

#define FIBERSAN_SCANNED(call, after)          \
  va_list arguments;                           \
  va_start(arguments, format);                 \
  const int assigned = call;                   \
  va_end(arguments);                           \
  after;                                       \
  va_start(arguments, format);                 \
  check_assigned(format, arguments, assigned); \
  va_end(arguments);                           \
  return assigned

FIBERSAN_TWIN(int, scanf, const char* format, ...) {
  FIBERSAN_SCANNED(vscanf(format, arguments), note_stream_read(stdin));
}
FIBERSAN_TWIN(int, fscanf, FILE* stream, const char* format, ...) {
  FIBERSAN_SCANNED(vfscanf(stream, format, arguments), note_stream_read(stream));
}
FIBERSAN_TWIN(int, sscanf, const char* text, const char* format, ...) {
  check_read_text(text);
  FIBERSAN_SCANNED(vsscanf(text, format, arguments), );
}
