// Bytes: memcpy and its like, and searches.
#include <strings.h>
#include <cstring>

#include "detector/libc/twin.h"

using fibersan::check_read;
using fibersan::check_write;

extern "C" {
void* __memcpy_chk(void* to, const void* from, size_t size, size_t room);
void* __mempcpy_chk(void* to, const void* from, size_t size, size_t room);
void* __memmove_chk(void* to, const void* from, size_t size, size_t room);
void* __memset_chk(void* to, int value, size_t size, size_t room);
void __explicit_bzero_chk(void* to, size_t size, size_t room);
}

#define FIBERSAN_COPY(name)                                                                    \
  FIBERSAN_TWIN(void*, name, void* to, const void* from, size_t size) {                        \
    check_read(from, size);                                                                    \
    check_write(to, size);                                                                     \
    return name(to, from, size);                                                               \
  }                                                                                            \
  FIBERSAN_TWIN(void*, __##name##_chk, void* to, const void* from, size_t size, size_t room) { \
    check_read(from, size);                                                                    \
    check_write(to, size);                                                                     \
    return __##name##_chk(to, from, size, room);                                               \
  }
FIBERSAN_COPY(memcpy)
FIBERSAN_COPY(mempcpy)
FIBERSAN_COPY(memmove)

FIBERSAN_TWIN(void, bcopy, const void* from, void* to, size_t size) {
  check_read(from, size);
  check_write(to, size);
  memmove(to, from, size);
}
FIBERSAN_TWIN(void*, memset, void* to, int value, size_t size) {
  check_write(to, size);
  return memset(to, value, size);
}
FIBERSAN_TWIN(void*, __memset_chk, void* to, int value, size_t size, size_t room) {
  check_write(to, size);
  return __memset_chk(to, value, size, room);
}
FIBERSAN_TWIN(void, bzero, void* to, size_t size) {
  check_write(to, size);
  bzero(to, size);
}
FIBERSAN_TWIN(void, explicit_bzero, void* to, size_t size) {
  check_write(to, size);
  explicit_bzero(to, size);
}
FIBERSAN_TWIN(void, __explicit_bzero_chk, void* to, size_t size, size_t room) {
  check_write(to, size);
  __explicit_bzero_chk(to, size, room);
}
FIBERSAN_TWIN(void*, memccpy, void* to, const void* from, int last, size_t size) {
  const void* end = memchr(from, last, size);
  const size_t copied =
      end == nullptr
          ? size
          : static_cast<size_t>(static_cast<const char*>(end) - static_cast<const char*>(from)) + 1;
  check_read(from, copied);
  check_write(to, copied);
  return memccpy(to, from, last, size);
}

// --- comparisons and searches: as far as they must look (W1) ---

namespace {

size_t distance(const void* from, const void* to) {
  return static_cast<size_t>(static_cast<const char*>(to) - static_cast<const char*>(from));
}

// How many bytes decide: up to the first difference, or all.
size_t compared(const void* a, const void* b, size_t size) {
  const auto* one = static_cast<const char*>(a);
  const auto* other = static_cast<const char*>(b);
  constexpr size_t kStep = 64;
  size_t at = 0;
  while (size - at > kStep && memcmp(one + at, other + at, kStep) == 0) at += kStep;
  while (at < size && one[at] == other[at]) ++at;
  return at < size ? at + 1 : size;
}

}  // namespace

FIBERSAN_TWIN(int, memcmp, const void* a, const void* b, size_t size) {
  const int result = memcmp(a, b, size);
  const size_t looked_at = result == 0 ? size : compared(a, b, size);
  check_read(a, looked_at);
  check_read(b, looked_at);
  return result;
}
FIBERSAN_TWIN(int, bcmp, const void* a, const void* b, size_t size) {
  const int result = memcmp(a, b, size);
  const size_t looked_at = result == 0 ? size : compared(a, b, size);
  check_read(a, looked_at);
  check_read(b, looked_at);
  return result;
}
FIBERSAN_TWIN(void*, memchr, const void* memory, int value, size_t size) {
  const void* found = memchr(memory, value, size);
  check_read(memory, found == nullptr ? size : distance(memory, found) + 1);
  return const_cast<void*>(found);
}
FIBERSAN_TWIN(void*, memrchr, const void* memory, int value, size_t size) {
  const void* found = memrchr(memory, value, size);
  const size_t before = found == nullptr ? 0 : distance(memory, found);
  check_read(static_cast<const char*>(memory) + before, size - before);
  return const_cast<void*>(found);
}
FIBERSAN_TWIN(void*, rawmemchr, const void* memory, int value) {
  const void* found = rawmemchr(memory, value);
  check_read(memory, distance(memory, found) + 1);
  return const_cast<void*>(found);
}
FIBERSAN_TWIN(void*, memmem, const void* memory, size_t size, const void* wanted, size_t length) {
  const void* found = memmem(memory, size, wanted, length);
  if (length > size) return nullptr;  // decided without a look
  check_read(wanted, length);
  check_read(memory, found == nullptr ? size : distance(memory, found) + length);
  return const_cast<void*>(found);
}
