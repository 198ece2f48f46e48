// Formatted output: the format and the text arguments are read, %n and the output written.
#include <stdio.h>

#include <cstdarg>
#include <cstdint>
#include <cwchar>

#include "detector/libc/descriptor.h"
#include "detector/libc/format_string.h"
#include "detector/libc/stream_edges.h"
#include "detector/libc/twin.h"

using namespace fibersan;

extern "C" {
int __vprintf_chk(int flag, const char* format, va_list arguments);
int __vfprintf_chk(FILE* stream, int flag, const char* format, va_list arguments);
int __vdprintf_chk(int fd, int flag, const char* format, va_list arguments);
int __vsprintf_chk(char* buffer, int flag, size_t room, const char* format, va_list arguments);
int __vsnprintf_chk(char* buffer, size_t size, int flag, size_t room, const char* format,
                    va_list arguments);
int __vasprintf_chk(char** result, int flag, const char* format, va_list arguments);
}

namespace {

[[clang::always_inline]] inline void check_text(const void* text, bool wide, int precision) {
  if (text == nullptr) return;  // printed as (null)
  const size_t most = precision < 0 ? SIZE_MAX : static_cast<size_t>(precision);
  if (wide) {
    const auto* characters = static_cast<const wchar_t*>(text);
    const size_t length = wcsnlen(characters, most);
    check_read(characters, (length + (length < most)) * sizeof(wchar_t));
  } else {
    const auto* characters = static_cast<const char*>(text);
    const size_t length = strnlen(characters, most);
    check_read(characters, length + (length < most));
  }
}

void skip_number(Conversion conversion, va_list arguments) {
  if (conversion.letter == 'm') return;  // strerror(errno), no argument
  if (!is_floating(conversion)) {
    va_arg(arguments, int64_t);  // as wide as an int, a pointer or a long in its register
  } else if (conversion.length == Length::kLongDouble) {
    va_arg(arguments, long double);
  } else {
    va_arg(arguments, double);
  }
}

[[clang::always_inline]] inline void check_arguments(const char* format, va_list given) {
  check_read_text(format);
  va_list arguments;
  va_copy(arguments, given);
  FormatString conversions(format, FormatString::Of::kPrint);
  for (Conversion next = conversions.next(); next.letter != 0; next = conversions.next()) {
    if (next.positional) break;
    if (next.star_width) va_arg(arguments, int);
    if (next.star_precision) next.precision = va_arg(arguments, int);
    if (next.letter == 's' || next.letter == 'S') {
      const void* text = va_arg(arguments, const void*);
      check_text(text, is_wide(next), next.precision);
    } else if (next.letter == 'n') {
      check_write(va_arg(arguments, void*), integer_size(next.length));
    } else {
      skip_number(next, arguments);
    }
  }
  va_end(arguments);
}

[[clang::always_inline]] inline int check_output(char* buffer, size_t size, int length) {
  if (length < 0 || size == 0) return length;
  const size_t stored = static_cast<size_t>(length) + 1;
  check_write(buffer, stored < size ? stored : size);
  return length;
}
[[clang::always_inline]] inline int check_result(char** result, int length) {
  if (length >= 0) check_write(result, sizeof(*result));
  return length;
}

}  // namespace

// --- with a list of arguments ---

FIBERSAN_TWIN(int, vprintf, const char* format, va_list arguments) {
  check_arguments(format, arguments);
  return vprintf(format, arguments);
}
FIBERSAN_TWIN(int, vfprintf, FILE* stream, const char* format, va_list arguments) {
  check_arguments(format, arguments);
  note_stream_written(stream);
  return vfprintf(stream, format, arguments);
}
FIBERSAN_TWIN(int, vdprintf, int fd, const char* format, va_list arguments) {
  check_arguments(format, arguments);
  note_bytes_sent(fd);
  return vdprintf(fd, format, arguments);
}
FIBERSAN_TWIN(int, vsprintf, char* buffer, const char* format, va_list arguments) {
  check_arguments(format, arguments);
  return check_output(buffer, SIZE_MAX, vsprintf(buffer, format, arguments));
}
FIBERSAN_TWIN(int, vsnprintf, char* buffer, size_t size, const char* format, va_list arguments) {
  check_arguments(format, arguments);
  return check_output(buffer, size, vsnprintf(buffer, size, format, arguments));
}
FIBERSAN_TWIN(int, vasprintf, char** result, const char* format, va_list arguments) {
  check_arguments(format, arguments);
  return check_result(result, vasprintf(result, format, arguments));
}
FIBERSAN_TWIN(int, __vprintf_chk, int flag, const char* format, va_list arguments) {
  check_arguments(format, arguments);
  return __vprintf_chk(flag, format, arguments);
}
FIBERSAN_TWIN(int, __vfprintf_chk, FILE* stream, int flag, const char* format, va_list arguments) {
  check_arguments(format, arguments);
  note_stream_written(stream);
  return __vfprintf_chk(stream, flag, format, arguments);
}
FIBERSAN_TWIN(int, __vsprintf_chk, char* buffer, int flag, size_t room, const char* format,
              va_list arguments) {
  check_arguments(format, arguments);
  return check_output(buffer, SIZE_MAX, __vsprintf_chk(buffer, flag, room, format, arguments));
}
FIBERSAN_TWIN(int, __vsnprintf_chk, char* buffer, size_t size, int flag, size_t room,
              const char* format, va_list arguments) {
  check_arguments(format, arguments);
  return check_output(buffer, size, __vsnprintf_chk(buffer, size, flag, room, format, arguments));
}
FIBERSAN_TWIN(int, __vasprintf_chk, char** result, int flag, const char* format,
              va_list arguments) {
  check_arguments(format, arguments);
  return check_result(result, __vasprintf_chk(result, flag, format, arguments));
}

// --- with arguments ---

// `before` the call of `call`; its result is `length` in `after`.
#define FIBERSAN_FORMATTED(before, call, after) \
  va_list arguments;                            \
  va_start(arguments, format);                  \
  check_arguments(format, arguments);           \
  before;                                       \
  const int length = call;                      \
  va_end(arguments);                            \
  after;                                        \
  return length

FIBERSAN_TWIN(int, printf, const char* format, ...) {
  FIBERSAN_FORMATTED(, vprintf(format, arguments), );
}
FIBERSAN_TWIN(int, __printf_chk, int flag, const char* format, ...) {
  FIBERSAN_FORMATTED(, __vprintf_chk(flag, format, arguments), );
}
FIBERSAN_TWIN(int, fprintf, FILE* stream, const char* format, ...) {
  FIBERSAN_FORMATTED(note_stream_written(stream), vfprintf(stream, format, arguments), );
}
FIBERSAN_TWIN(int, __fprintf_chk, FILE* stream, int flag, const char* format, ...) {
  FIBERSAN_FORMATTED(note_stream_written(stream),
                     __vfprintf_chk(stream, flag, format, arguments), );
}
FIBERSAN_TWIN(int, dprintf, int fd, const char* format, ...) {
  FIBERSAN_FORMATTED(note_bytes_sent(fd), vdprintf(fd, format, arguments), );
}
FIBERSAN_TWIN(int, __dprintf_chk, int fd, int flag, const char* format, ...) {
  FIBERSAN_FORMATTED(note_bytes_sent(fd), __vdprintf_chk(fd, flag, format, arguments), );
}
FIBERSAN_TWIN(int, sprintf, char* buffer, const char* format, ...) {
  FIBERSAN_FORMATTED(, vsprintf(buffer, format, arguments), check_output(buffer, SIZE_MAX, length));
}
FIBERSAN_TWIN(int, __sprintf_chk, char* buffer, int flag, size_t room, const char* format, ...) {
  FIBERSAN_FORMATTED(, __vsprintf_chk(buffer, flag, room, format, arguments),
                     check_output(buffer, SIZE_MAX, length));
}
FIBERSAN_TWIN(int, snprintf, char* buffer, size_t size, const char* format, ...) {
  FIBERSAN_FORMATTED(, vsnprintf(buffer, size, format, arguments),
                     check_output(buffer, size, length));
}
FIBERSAN_TWIN(int, __snprintf_chk, char* buffer, size_t size, int flag, size_t room,
              const char* format, ...) {
  FIBERSAN_FORMATTED(, __vsnprintf_chk(buffer, size, flag, room, format, arguments),
                     check_output(buffer, size, length));
}
FIBERSAN_TWIN(int, asprintf, char** result, const char* format, ...) {
  FIBERSAN_FORMATTED(, vasprintf(result, format, arguments), check_result(result, length));
}
FIBERSAN_TWIN(int, __asprintf_chk, char** result, int flag, const char* format, ...) {
  FIBERSAN_FORMATTED(, __vasprintf_chk(result, flag, format, arguments),
                     check_result(result, length));
}
