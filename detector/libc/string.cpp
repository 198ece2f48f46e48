// Strings.
#include <strings.h>
#include <cctype>
#include <cstring>

#include "detector/libc/twin.h"

using fibersan::check_read;
using fibersan::check_read_text;
using fibersan::check_write;

extern "C" {
char* __strcpy_chk(char* to, const char* from, size_t room);
char* __stpcpy_chk(char* to, const char* from, size_t room);
char* __strncpy_chk(char* to, const char* from, size_t size, size_t room);
char* __stpncpy_chk(char* to, const char* from, size_t size, size_t room);
char* __strcat_chk(char* to, const char* from, size_t room);
char* __strncat_chk(char* to, const char* from, size_t size, size_t room);
}

namespace {

size_t distance(const char* from, const char* to) { return static_cast<size_t>(to - from); }

size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

// The text with its end, or `size` bytes of it.
size_t extent(const char* text, size_t size) { return smaller(strnlen(text, size) + 1, size); }

// How many characters of each decide the comparison (W1).
template <typename Same>
size_t compared(const char* a, const char* b, size_t size, Same same) {
  size_t at = 0;
  while (at < size && a[at] != 0 && same(a[at], b[at])) ++at;
  return smaller(at + 1, size);
}
bool same(char a, char b) { return a == b; }
bool same_letter(char a, char b) {
  return tolower(static_cast<unsigned char>(a)) == tolower(static_cast<unsigned char>(b));
}

}  // namespace

// --- length and copies ---

FIBERSAN_TWIN(size_t, strlen, const char* text) {
  const size_t length = strlen(text);
  check_read(text, length + 1);
  return length;
}
FIBERSAN_TWIN(size_t, strnlen, const char* text, size_t size) {
  const size_t length = strnlen(text, size);
  check_read(text, smaller(length + 1, size));
  return length;
}

#define FIBERSAN_COPY(name)                                                       \
  FIBERSAN_TWIN(char*, name, char* to, const char* from) {                        \
    const size_t size = strlen(from) + 1;                                         \
    check_read(from, size);                                                       \
    check_write(to, size);                                                        \
    return name(to, from);                                                        \
  }                                                                               \
  FIBERSAN_TWIN(char*, __##name##_chk, char* to, const char* from, size_t room) { \
    const size_t size = strlen(from) + 1;                                         \
    check_read(from, size);                                                       \
    check_write(to, size);                                                        \
    return __##name##_chk(to, from, room);                                        \
  }
FIBERSAN_COPY(strcpy)
FIBERSAN_COPY(stpcpy)

// Fills all of `to`.
#define FIBERSAN_FILL(name)                                                                    \
  FIBERSAN_TWIN(char*, name, char* to, const char* from, size_t size) {                        \
    check_read(from, extent(from, size));                                                      \
    check_write(to, size);                                                                     \
    return name(to, from, size);                                                               \
  }                                                                                            \
  FIBERSAN_TWIN(char*, __##name##_chk, char* to, const char* from, size_t size, size_t room) { \
    check_read(from, extent(from, size));                                                      \
    check_write(to, size);                                                                     \
    return __##name##_chk(to, from, size, room);                                               \
  }
FIBERSAN_FILL(strncpy)
FIBERSAN_FILL(stpncpy)

namespace {

[[clang::always_inline]] inline void check_append(char* to, const char* from, size_t looked_at) {
  const size_t length = strlen(to);
  check_read(to, length + 1);
  check_read(from, looked_at);
  check_write(to + length, strnlen(from, looked_at) + 1);
}

}  // namespace

FIBERSAN_TWIN(char*, strcat, char* to, const char* from) {
  check_append(to, from, strlen(from) + 1);
  return strcat(to, from);
}
FIBERSAN_TWIN(char*, __strcat_chk, char* to, const char* from, size_t room) {
  check_append(to, from, strlen(from) + 1);
  return __strcat_chk(to, from, room);
}
FIBERSAN_TWIN(char*, strncat, char* to, const char* from, size_t size) {
  check_append(to, from, extent(from, size));
  return strncat(to, from, size);
}
FIBERSAN_TWIN(char*, __strncat_chk, char* to, const char* from, size_t size, size_t room) {
  check_append(to, from, extent(from, size));
  return __strncat_chk(to, from, size, room);
}

FIBERSAN_TWIN(char*, strdup, const char* text) {
  check_read_text(text);
  return strdup(text);
}
FIBERSAN_TWIN(char*, strndup, const char* text, size_t size) {
  check_read(text, extent(text, size));
  return strndup(text, size);
}

// --- comparisons ---

namespace {

template <typename Same>
[[clang::always_inline]] inline void check_comparison(const char* a, const char* b, size_t size,
                                                      Same same) {
  const size_t looked_at = compared(a, b, size, same);
  check_read(a, looked_at);
  check_read(b, looked_at);
}

}  // namespace

FIBERSAN_TWIN(int, strcmp, const char* a, const char* b) {
  check_comparison(a, b, SIZE_MAX, same);
  return strcmp(a, b);
}
FIBERSAN_TWIN(int, strncmp, const char* a, const char* b, size_t size) {
  check_comparison(a, b, size, same);
  return strncmp(a, b, size);
}
FIBERSAN_TWIN(int, strcasecmp, const char* a, const char* b) {
  check_comparison(a, b, SIZE_MAX, same_letter);
  return strcasecmp(a, b);
}
FIBERSAN_TWIN(int, strncasecmp, const char* a, const char* b, size_t size) {
  check_comparison(a, b, size, same_letter);
  return strncasecmp(a, b, size);
}
FIBERSAN_TWIN(int, strcoll, const char* a, const char* b) {
  check_read_text(a);
  check_read_text(b);
  return strcoll(a, b);
}
FIBERSAN_TWIN(size_t, strxfrm, char* to, const char* from, size_t size) {
  check_read_text(from);
  const size_t length = strxfrm(to, from, size);
  if (length < size) check_write(to, length + 1);
  return length;
}

// --- searches ---

#define FIBERSAN_SEARCH(name)                                                          \
  FIBERSAN_TWIN(char*, name, const char* text, int character) {                        \
    const char* found = name(text, character);                                         \
    check_read(text, found == nullptr ? strlen(text) + 1 : distance(text, found) + 1); \
    return const_cast<char*>(found);                                                   \
  }
FIBERSAN_SEARCH(strchr)
FIBERSAN_SEARCH(strchrnul)

FIBERSAN_TWIN(char*, strrchr, const char* text, int character) {
  check_read_text(text);
  return const_cast<char*>(strrchr(text, character));
}

#define FIBERSAN_FIND(name)                                                                 \
  FIBERSAN_TWIN(char*, name, const char* text, const char* wanted) {                        \
    const char* found = name(text, wanted);                                                 \
    const size_t length = strlen(wanted);                                                   \
    check_read(wanted, length + 1);                                                         \
    check_read(text, found == nullptr ? strlen(text) + 1 : distance(text, found) + length); \
    return const_cast<char*>(found);                                                        \
  }
FIBERSAN_FIND(strstr)
FIBERSAN_FIND(strcasestr)

#define FIBERSAN_SPAN(name)                                        \
  FIBERSAN_TWIN(size_t, name, const char* text, const char* set) { \
    const size_t length = name(text, set);                         \
    check_read_text(set);                                          \
    check_read(text, length + 1);                                  \
    return length;                                                 \
  }
FIBERSAN_SPAN(strspn)
FIBERSAN_SPAN(strcspn)

FIBERSAN_TWIN(char*, strpbrk, const char* text, const char* set) {
  const char* found = strpbrk(text, set);
  check_read_text(set);
  check_read(text, found == nullptr ? strlen(text) + 1 : distance(text, found) + 1);
  return const_cast<char*>(found);
}

// --- tokens: the text loses the character behind each ---

namespace {

[[clang::always_inline]] inline void check_token(char* start, const char* token, char* next) {
  if (start == nullptr) return;
  if (token == nullptr) {
    check_read(start, distance(start, next) + 1);
    return;
  }
  const char* end = token + strlen(token);
  check_read(start, distance(start, end) + 1);
  if (next == end + 1) check_write(end, 1);
}

}  // namespace

FIBERSAN_TWIN(char*, strtok_r, char* text, const char* delimiters, char** place) {
  check_read_text(delimiters);
  if (text == nullptr) check_read(place, sizeof(*place));
  char* start = text != nullptr ? text : *place;
  char* token = strtok_r(text, delimiters, place);
  check_write(place, sizeof(*place));
  check_token(start, token, *place);
  return token;
}
FIBERSAN_TWIN(char*, strtok, char* text, const char* delimiters) {
  static char* place = nullptr;  // of the process: two fibers in it race
  check_read_text(delimiters);
  check_write(&place, sizeof(place));
  char* start = text != nullptr ? text : place;
  char* token = strtok_r(text, delimiters, &place);
  check_token(start, token, place);
  return token;
}
FIBERSAN_TWIN(char*, strsep, char** place, const char* delimiters) {
  check_write(place, sizeof(*place));
  char* token = *place;
  if (token == nullptr) return nullptr;
  check_read_text(delimiters);
  strsep(place, delimiters);
  check_read_text(token);
  if (*place != nullptr) check_write(*place - 1, 1);
  return token;
}
