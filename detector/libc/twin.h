// twin.h: what a checked twin of a C library function is made of.
//
// Input:    a call in instrumented code, which the pass redirected (libc_functions.def).
// Output:   the real function's effect and result, errno included; checks of the bytes that
//           it reads and writes, in the name of the running fiber. The twin is frame #0 of
//           the stack, under the real function's name (symbolize/trace.h).
// Cost:     the range checks; where the extent is only known afterwards, a second look at
//           the text.
// Threads:  any.
//
// Invariants
//   W1  Exactly what the real function must read and write is checked: a string function that
//       stops at a difference or a match has read no further.
//   W2  What is given away (bytes written to a descriptor) is checked before the edge that
//       gives it away, what is taken after the edge that takes it.
//   W3  The real function is called as a caller without the pass would call it.
#ifndef FIBERSAN_DETECTOR_LIBC_TWIN_H
#define FIBERSAN_DETECTOR_LIBC_TWIN_H

#include <cstddef>
#include <cstring>

#include "detector/clock/stamp.h"

namespace fibersan {

// In a twin only, which must not be left by a tail call: their return address names it.
[[clang::not_tail_called, gnu::noinline]] void check_read(const void* address, size_t size);
[[clang::not_tail_called, gnu::noinline]] void check_write(const void* address, size_t size);

[[clang::always_inline]] inline void check_read_text(const char* text) {
  check_read(text, strlen(text) + 1);
}

// The letters of libc_functions.def.
template <typename T>
constexpr char kLetter = sizeof(T) == 4 ? 'i' : 'l';
template <>
inline constexpr char kLetter<void> = 'v';
template <typename T>
inline constexpr char kLetter<T*> = 'p';
template <>
inline constexpr char kLetter<float> = 'f';
template <>
inline constexpr char kLetter<double> = 'd';
template <>
inline constexpr char kLetter<long double> = 'x';

constexpr bool is_text(const char* text, const char* expected) {
  while (*text != 0 && *text == *expected) ++text, ++expected;
  return *text == *expected;
}
template <typename R, typename... P>
constexpr bool has_signature(R (*)(P...), const char* signature) {
  const char own[] = {kLetter<R>, kLetter<P>..., 0};
  return is_text(own, signature);
}
template <typename R, typename... P>
constexpr bool has_signature(R (*)(P..., ...), const char* signature) {
  const char own[] = {kLetter<R>, kLetter<P>..., '.', 0};
  return is_text(own, signature);
}

// A twin that is not in the table, or there with another type, does not compile.
namespace libc_signatures {
#define FSAN_LIBC(name, signature) inline constexpr const char* of_##name = signature;
#define FSAN_LIBC_ALIAS(name, twin, signature) \
  static_assert(is_text(of_##twin, signature), "an alias has its twin's type");
#include "detector/abi/libc_functions.def"
#undef FSAN_LIBC
#undef FSAN_LIBC_ALIAS
}  // namespace libc_signatures

}  // namespace fibersan

// FIBERSAN_TWIN(result, name, parameters...) { body }
#define FIBERSAN_TWIN(result, name, ...)                                                      \
  extern "C" result __fsan_libc_##name(__VA_ARGS__);                                          \
  static_assert(                                                                              \
      ::fibersan::has_signature(&__fsan_libc_##name, ::fibersan::libc_signatures::of_##name), \
      "libc_functions.def has another type");                                                 \
  extern "C" result __fsan_libc_##name(__VA_ARGS__)

#endif  // FIBERSAN_DETECTOR_LIBC_TWIN_H
