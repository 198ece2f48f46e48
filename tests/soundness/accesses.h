// accesses.h: how a generated program spells an access. In the reference build (-DREFERENCE) each
// is written down as well: what the program means, whatever compiler and pass make of it.
#ifndef FIBERSAN_TESTS_SOUNDNESS_ACCESSES_H
#define FIBERSAN_TESTS_SOUNDNESS_ACCESSES_H

#include "harness.h"

#ifdef REFERENCE
#define LOG(event) sound::event
#define LOG_COMPARISON(text, word) log_comparison(text, word)
inline constexpr bool kIsReference = true;
#else
#define LOG(event) static_cast<void>(0)
#define LOG_COMPARISON(text, word) static_cast<void>(0)
inline constexpr bool kIsReference = false;
#endif

// Expressions.
#define R(place) (LOG(log_read(&(place), sizeof(place))), (place))
#define VR(type, place) (LOG(log_read(&(place), sizeof(place))), *(volatile type*)&(place))
#define BR(object, unit, field) (LOG(log_maybe((const char*)&(object) + (unit), 4)), (object).field)
#define AR(place, order) \
  (LOG(log_atomic_read(&(place), sizeof(place))), __atomic_load_n(&(place), order))
// Whether two texts are equal: reads up to the first difference.
#define SAME(text, word) (LOG_COMPARISON(text, word), strcmp(text, word) == 0)
#define RMW(operation, place, value, order)        \
  (LOG(log_atomic_write(&(place), sizeof(place))), \
   __atomic_fetch_##operation(&(place), value, order))

// Statements.
#define W(place, value)                      \
  do {                                       \
    auto value_ = (value);                   \
    LOG(log_write(&(place), sizeof(place))); \
    (place) = (__typeof__(place))value_;     \
  } while (0)
#define U(place, operation, value)               \
  do {                                           \
    auto value_ = (value);                       \
    LOG(log_write(&(place), sizeof(place)));     \
    (place) operation(__typeof__(place)) value_; \
  } while (0)
#define VW(type, place, value)               \
  do {                                       \
    LOG(log_write(&(place), sizeof(place))); \
    *(volatile type*)&(place) = (value);     \
  } while (0)
#define BW(object, unit, field, value)                  \
  do {                                                  \
    LOG(log_maybe((const char*)&(object) + (unit), 4)); \
    (object).field = (value);                           \
  } while (0)
#define AW(place, value, order)                     \
  do {                                              \
    LOG(log_atomic_write(&(place), sizeof(place))); \
    __atomic_store_n(&(place), value, order);       \
  } while (0)
#define FILL(to, size)             \
  do {                             \
    LOG(log_write(&(to), size));   \
    memset((void*)&(to), 3, size); \
  } while (0)
#define COPY(to, from, size)                          \
  do {                                                \
    LOG(log_read(&(from), size));                     \
    LOG(log_write(&(to), size));                      \
    memcpy((void*)&(to), (const void*)&(from), size); \
  } while (0)
#define ASSIGN(to, from)                  \
  do {                                    \
    LOG(log_read(&(from), sizeof(from))); \
    LOG(log_write(&(to), sizeof(to)));    \
    (to) = (from);                        \
  } while (0)

// The body's side of slot `slot`.
#define RELEASED(slot) LOG(log_release(slot))
#define ACQUIRED(slot) LOG(log_acquire(slot))
#define OUT(slot) sound::flags[0][slot]
#define IN(slot) sound::flags[1][slot]

namespace {

struct Mixed {
  int a;
  char b, c;
  short d;
  long e;
  int f[4];
};
struct __attribute__((packed)) Packed {
  char a;
  int b;
  short c;
  long d;
  char e;
};
struct Bits {
  unsigned x : 3, y : 13, z : 16;
  int n;
  unsigned u : 1, v : 31;
};
struct Node {
  Node* next;
  int v, w;
};

[[maybe_unused]] void log_comparison(const char* text, const char* word) {
  size_t size = 0;
  while (text[size] == word[size] && word[size] != 0) ++size;
  sound::log_read(text, size + 1);
}

[[maybe_unused]] void keep(unsigned long value) { __asm__ volatile("" : : "r"(value)); }

}  // namespace

#endif  // FIBERSAN_TESTS_SOUNDNESS_ACCESSES_H
