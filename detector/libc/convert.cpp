// Numbers from text: as far as the number and the character that ends it. The environment.
#include <inttypes.h>
#include <unistd.h>
#include <cstdlib>

#include "detector/libc/twin.h"

using fibersan::check_read;
using fibersan::check_read_text;
using fibersan::check_write;

namespace {

[[clang::always_inline]] inline void check_number(const char* text, const char* end, char** out) {
  if (end == nullptr) return;  // no such base
  check_read(text, static_cast<size_t>(end - text) + 1);
  if (out == nullptr) return;
  check_write(out, sizeof(*out));
  *out = const_cast<char*>(end);
}

}  // namespace

#define FIBERSAN_INTEGER(result, name)                                  \
  FIBERSAN_TWIN(result, name, const char* text, char** out, int base) { \
    char* end = nullptr;                                                \
    const result number = name(text, &end, base);                       \
    check_number(text, end, out);                                       \
    return number;                                                      \
  }
FIBERSAN_INTEGER(long, strtol)
FIBERSAN_INTEGER(long long, strtoll)
FIBERSAN_INTEGER(unsigned long, strtoul)
FIBERSAN_INTEGER(unsigned long long, strtoull)
FIBERSAN_INTEGER(intmax_t, strtoimax)
FIBERSAN_INTEGER(uintmax_t, strtoumax)

#define FIBERSAN_FLOATING(result, name)                       \
  FIBERSAN_TWIN(result, name, const char* text, char** out) { \
    char* end = nullptr;                                      \
    const result number = name(text, &end);                   \
    check_number(text, end, out);                             \
    return number;                                            \
  }
FIBERSAN_FLOATING(float, strtof)
FIBERSAN_FLOATING(double, strtod)
FIBERSAN_FLOATING(long double, strtold)

#define FIBERSAN_SHORT(result, name, call)        \
  FIBERSAN_TWIN(result, name, const char* text) { \
    char* end = nullptr;                          \
    const auto number = call;                     \
    check_number(text, end, nullptr);             \
    return static_cast<result>(number);           \
  }
FIBERSAN_SHORT(int, atoi, strtol(text, &end, 10))
FIBERSAN_SHORT(long, atol, strtol(text, &end, 10))
FIBERSAN_SHORT(long long, atoll, strtoll(text, &end, 10))
FIBERSAN_SHORT(double, atof, strtod(text, &end))

// --- the environment: one object, which setenv changes ---

FIBERSAN_TWIN(char*, getenv, const char* name) {
  check_read_text(name);
  check_read(&environ, sizeof(environ));
  return getenv(name);
}
FIBERSAN_TWIN(char*, secure_getenv, const char* name) {
  check_read_text(name);
  check_read(&environ, sizeof(environ));
  return secure_getenv(name);
}
FIBERSAN_TWIN(int, setenv, const char* name, const char* value, int overwrite) {
  check_read_text(name);
  check_read_text(value);
  check_write(&environ, sizeof(environ));
  return setenv(name, value, overwrite);
}
FIBERSAN_TWIN(int, unsetenv, const char* name) {
  check_read_text(name);
  check_write(&environ, sizeof(environ));
  return unsetenv(name);
}
