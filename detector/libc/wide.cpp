// Wide characters: extents are counted in wchar_t.
#include <cwchar>

#include "detector/libc/twin.h"

using fibersan::check_read;
using fibersan::check_write;

namespace {

constexpr size_t kWide = sizeof(wchar_t);

size_t distance(const wchar_t* from, const wchar_t* to) { return static_cast<size_t>(to - from); }
size_t smaller(size_t a, size_t b) { return a < b ? a : b; }
size_t extent(const wchar_t* text, size_t size) { return smaller(wcsnlen(text, size) + 1, size); }

// W1. `ends`: at the end of a text, too.
size_t compared(const wchar_t* a, const wchar_t* b, size_t size, bool ends) {
  size_t at = 0;
  while (at < size && a[at] == b[at] && !(ends && a[at] == 0)) ++at;
  return smaller(at + 1, size);
}

[[clang::always_inline]] inline void check_comparison(const wchar_t* a, const wchar_t* b,
                                                      size_t size, bool ends) {
  const size_t looked_at = compared(a, b, size, ends) * kWide;
  check_read(a, looked_at);
  check_read(b, looked_at);
}

[[clang::always_inline]] inline void check_copy(const wchar_t* to, const wchar_t* from,
                                                size_t count) {
  check_read(from, count * kWide);
  check_write(to, count * kWide);
}

}  // namespace

FIBERSAN_TWIN(wchar_t*, wmemcpy, wchar_t* to, const wchar_t* from, size_t count) {
  check_copy(to, from, count);
  return wmemcpy(to, from, count);
}
FIBERSAN_TWIN(wchar_t*, wmemmove, wchar_t* to, const wchar_t* from, size_t count) {
  check_copy(to, from, count);
  return wmemmove(to, from, count);
}
FIBERSAN_TWIN(wchar_t*, wmemset, wchar_t* to, wchar_t value, size_t count) {
  check_write(to, count * kWide);
  return wmemset(to, value, count);
}
FIBERSAN_TWIN(int, wmemcmp, const wchar_t* a, const wchar_t* b, size_t count) {
  check_comparison(a, b, count, false);
  return wmemcmp(a, b, count);
}
FIBERSAN_TWIN(wchar_t*, wmemchr, const wchar_t* text, wchar_t value, size_t count) {
  const wchar_t* found = wmemchr(text, value, count);
  check_read(text, (found == nullptr ? count : distance(text, found) + 1) * kWide);
  return const_cast<wchar_t*>(found);
}
FIBERSAN_TWIN(size_t, wcslen, const wchar_t* text) {
  const size_t length = wcslen(text);
  check_read(text, (length + 1) * kWide);
  return length;
}
FIBERSAN_TWIN(size_t, wcsnlen, const wchar_t* text, size_t size) {
  check_read(text, extent(text, size) * kWide);
  return wcsnlen(text, size);
}
FIBERSAN_TWIN(wchar_t*, wcscpy, wchar_t* to, const wchar_t* from) {
  check_copy(to, from, wcslen(from) + 1);
  return wcscpy(to, from);
}
FIBERSAN_TWIN(wchar_t*, wcsncpy, wchar_t* to, const wchar_t* from, size_t size) {
  check_read(from, extent(from, size) * kWide);
  check_write(to, size * kWide);
  return wcsncpy(to, from, size);
}
FIBERSAN_TWIN(wchar_t*, wcscat, wchar_t* to, const wchar_t* from) {
  const size_t length = wcslen(to);
  check_read(to, (length + 1) * kWide);
  check_copy(to + length, from, wcslen(from) + 1);
  return wcscat(to, from);
}
FIBERSAN_TWIN(int, wcscmp, const wchar_t* a, const wchar_t* b) {
  check_comparison(a, b, SIZE_MAX, true);
  return wcscmp(a, b);
}
FIBERSAN_TWIN(int, wcsncmp, const wchar_t* a, const wchar_t* b, size_t size) {
  check_comparison(a, b, size, true);
  return wcsncmp(a, b, size);
}
FIBERSAN_TWIN(wchar_t*, wcschr, const wchar_t* text, wchar_t character) {
  const wchar_t* found = wcschr(text, character);
  check_read(text, (found == nullptr ? wcslen(text) + 1 : distance(text, found) + 1) * kWide);
  return const_cast<wchar_t*>(found);
}
FIBERSAN_TWIN(wchar_t*, wcsrchr, const wchar_t* text, wchar_t character) {
  check_read(text, (wcslen(text) + 1) * kWide);
  return const_cast<wchar_t*>(wcsrchr(text, character));
}
