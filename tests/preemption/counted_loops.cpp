// Loops with polls compute what they compute without: the same program is built by plain clang
// and with a poll after every iteration, every third, every sixteenth, so that chunks begin and
// end everywhere; all must print the same.
//
// DEFINE: %{chunk} = -Xclang -load -Xclang %build/lib/fibersan-instrument-llvm19.so -mllvm -fiber-poll-chunk
// RUN: clang++-19 -std=c++20 -O1 %s -o %t.plain && %t.plain > %t.expected
// RUN: %fiber -O1 %{chunk}=1 %s -o %t.1 && %run %t.1 | diff %t.expected -
// RUN: %fiber -O2 %{chunk}=3 %s -o %t.2 && %run %t.2 | diff %t.expected -
// RUN: %fiber -O3 %{chunk}=16 %s -o %t.3 && %run %t.3 | diff %t.expected -
// RUN: %fiber -O2 -fPIC -flto=thin -fuse-ld=lld %{chunk}=3 %s -o %t.lto && %run %t.lto | diff %t.expected -
// RUN: %fibersan -O2 %{chunk}=3 %s -o %t.checked && %run %t.checked | diff %t.expected -
#include <cstdint>
#include <cstdio>
#include <limits>
#include <vector>

namespace {

// Also the number of iterations a loop may make before it is given up.
constexpr uint32_t kMost = 400;

struct Result {
  uint64_t sum = 0;
  uint32_t count = 0;
  template <typename T>
  bool add(T value) {  // false: enough
    sum = sum * 31 + static_cast<uint64_t>(value);
    return ++count < kMost;
  }
};

uint64_t total = 0;
void mix(Result r) { total = (total ^ r.sum) * 1099511628211u + r.count; }

// clang-format off
#define LOOP(name, loop)                                                         \
  template <typename T, int kStep>                                               \
  __attribute__((noinline)) Result name(T start, T limit) {                      \
    Result r; (void)limit; loop { r.add(i); } return r; }                        \
  template <typename T, int kStep>                                               \
  __attribute__((noinline)) Result name##_left(T start, T limit) {               \
    Result r; (void)limit; loop { if (!r.add(i)) break; } return r; }

LOOP(up_less,      for (T i = start; i < limit; i = T(i + kStep)))
LOOP(up_less_eq,   for (T i = start; i <= limit; i = T(i + kStep)))
LOOP(up_differs,   for (T i = start; i != limit; i = T(i + kStep)))
LOOP(down_greater, for (T i = start; i > limit; i = T(i - kStep)))
LOOP(down_gr_eq,   for (T i = start; i >= limit; i = T(i - kStep)))
LOOP(down_differs, for (T i = start; i != limit; i = T(i - kStep)))
// clang-format on

template <typename T, int kStep>
__attribute__((noinline)) Result do_up(T start, T limit) {
  Result r;
  T i = start;
  do r.add(i);
  while ((i = T(i + kStep)) < limit);
  return r;
}
template <typename T>
__attribute__((noinline)) Result any_step(T start, T limit, T step) {
  Result r;
  for (T i = start; i < limit; i = T(i + step)) r.add(i);
  return r;
}

// How often a loop would run, where that is few times and defined.
template <typename T>
bool is_short(T start, T limit, int step, bool is_equal_in) {
  using Wide = __int128;
  Wide distance = step > 0 ? Wide(limit) - start : Wide(start) - limit;
  Wide most = std::numeric_limits<T>::max(), least = std::numeric_limits<T>::min();
  Wide size = step > 0 ? step : -step;
  if (distance < 0) return true;
  if (distance / size >= kMost) return false;
  Wide last = Wide(start) + (distance / size + (distance % size != 0 || is_equal_in)) * step;
  return last >= least && last <= most;
}

template <typename T, int kStep>
void with_step(T start, T limit) {
  constexpr bool is_unsigned = std::numeric_limits<T>::is_modulo;
  if (is_short(start, limit, kStep, false)) {
    mix(up_less<T, kStep>(start, limit));
    mix(any_step<T>(start, limit, kStep));
    if (start < limit) mix(do_up<T, kStep>(start, limit));
    if (start <= limit && (limit - start) % kStep == 0) mix(up_differs<T, kStep>(start, limit));
  }
  if (is_short(start, limit, kStep, true)) mix(up_less_eq<T, kStep>(start, limit));
  if (is_short(start, limit, -kStep, false)) {
    mix(down_greater<T, kStep>(start, limit));
    if (start >= limit && (start - limit) % kStep == 0) mix(down_differs<T, kStep>(start, limit));
  }
  if (is_short(start, limit, -kStep, true)) mix(down_gr_eq<T, kStep>(start, limit));
  if (!is_unsigned) return;
  // Those that wrap, for ever without the count.
  mix(up_less_left<T, kStep>(start, limit));
  mix(up_less_eq_left<T, kStep>(start, limit));
  mix(up_differs_left<T, kStep>(start, limit));
  mix(down_greater_left<T, kStep>(start, limit));
  mix(down_gr_eq_left<T, kStep>(start, limit));
  mix(down_differs_left<T, kStep>(start, limit));
}

template <typename T>
void with_type(const char* name) {
  T most = std::numeric_limits<T>::max(), least = std::numeric_limits<T>::min();
  T edges[] = {least, T(least + 1), T(least + 7),  0,           1,           5,
               100,   T(most / 2),  T(most - 100), T(most - 7), T(most - 1), most};
  for (T start : edges)
    for (T limit : edges) {
      with_step<T, 1>(start, limit);
      with_step<T, 3>(start, limit);
      with_step<T, 100>(start, limit);
    }
  std::printf("%s %016llx\n", name, static_cast<unsigned long long>(total));
}

// Loops that are vectorised, unrolled, nested, left early, or run over pointers.
struct Pair {
  int a, b;
};
__attribute__((noinline)) int64_t sum_of(const int* p, int n) {
  int64_t s = 0;
  for (int i = 0; i < n; ++i) s += p[i];
  return s;
}
__attribute__((noinline)) void scale(int* to, const int* from, unsigned n) {
  for (unsigned i = 0; i < n; ++i) to[i] = from[i] * 3 + 1;
}
__attribute__((noinline)) void reverse(int* to, const int* from, int n) {
  for (int i = n - 1; i >= 0; --i) to[n - 1 - i] = from[i];
}
__attribute__((noinline)) int find(const int* p, const int* end, int value) {
  for (const int* at = p; at != end; ++at)
    if (*at == value) return static_cast<int>(at - p);
  return -1;
}
__attribute__((noinline)) int strided(const Pair* p, size_t n) {
  int s = 0;
  for (size_t i = 0; i < n; i += 2) s += p[i].a ^ p[i].b;
  return s;
}
__attribute__((noinline)) uint64_t nested(const int* p, int n, int m) {
  uint64_t s = 0;
  for (int i = 0; i < n; ++i)
    for (int j = i; j < m; ++j)
      for (int k = j; k > i; --k) {
        s = s * 5 + p[k];
        if ((s & 1023) == 3) break;
      }
  return s;
}
__attribute__((noinline)) float floats(const std::vector<float>& v) {
  float s = 0;
  for (float f : v) s = s * 0.5f + f;
  return s;
}
__attribute__((noinline)) unsigned two_ways_out(const uint8_t* p, uint8_t n) {
  unsigned s = 1;
  for (uint8_t i = 0;; ++i) {
    if (i == n) return s;
    s = s * 33 + p[i];
    if (s % 251 == 0) return s + i;
  }
}

void with_arrays() {
  std::vector<int> from(300), to(300);
  std::vector<Pair> pairs(300);
  std::vector<float> reals(300);
  std::vector<uint8_t> bytes(300);
  for (int i = 0; i < 300; ++i) {
    from[i] = i * 7 % 101;
    pairs[i] = {i, i * 3};
    reals[i] = static_cast<float>(i % 17);
    bytes[i] = static_cast<uint8_t>(i * 37);
  }
  Result r;
  for (int n = 0; n < 300; n += n < 70 ? 1 : 23) {
    scale(to.data(), from.data(), n);
    r.add(sum_of(to.data(), n));
    reverse(to.data(), from.data(), n);
    r.add(sum_of(to.data() + n / 2, n - n / 2));
    r.add(find(from.data(), from.data() + n, 100));
    r.add(strided(pairs.data(), n));
    r.add(nested(from.data(), n / 8, n / 4));
    r.add(floats(std::vector<float>(reals.begin(), reals.begin() + n)));
    r.add(two_ways_out(bytes.data(), static_cast<uint8_t>(n)));
  }
  mix(r);
  std::printf("arrays %016llx\n", static_cast<unsigned long long>(total));
}

}  // namespace

int main() {
  with_type<int8_t>("int8_t");
  with_type<uint8_t>("uint8_t");
  with_type<int16_t>("int16_t");
  with_type<uint16_t>("uint16_t");
  with_type<int32_t>("int32_t");
  with_type<uint32_t>("uint32_t");
  with_type<int64_t>("int64_t");
  with_type<uint64_t>("uint64_t");
  with_arrays();
}
