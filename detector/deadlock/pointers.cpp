#include "detector/deadlock/pointers.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace fibersan {
namespace {

uint64_t find_one_by_one(const uintptr_t* words, size_t count, const AddressRange (&places)[2]) {
  uint64_t found = 0;
  for (size_t i = 0; i < count; ++i) {
    const uintptr_t word = words[i] & kPointerBits;
    if (places[0].contains(word) || places[1].contains(word)) found |= uint64_t{1} << i;
  }
  return found;
}

#if defined(__x86_64__)
// Signed compares do: addresses have 48 bits, and so their differences.
__attribute__((target("avx2"))) uint64_t find_by_fours(const uintptr_t* words, size_t count,
                                                       const AddressRange (&places)[2]) {
  const __m256i bits = _mm256_set1_epi64x(static_cast<int64_t>(kPointerBits));
  const __m256i negative = _mm256_set1_epi64x(-1);
  const auto set = [](uintptr_t value) __attribute__((target("avx2"))) {
    return _mm256_set1_epi64x(static_cast<int64_t>(value));
  };
  const __m256i low[2] = {set(places[0].low), set(places[1].low)};
  const __m256i size[2] = {set(places[0].high - places[0].low),
                           set(places[1].high - places[1].low)};
  uint64_t found = 0;
  size_t i = 0;
  for (; i + 4 <= count; i += 4) {
    const __m256i word =
        _mm256_and_si256(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(words + i)), bits);
    const __m256i a = _mm256_sub_epi64(word, low[0]);
    const __m256i b = _mm256_sub_epi64(word, low[1]);
    const __m256i in_a =
        _mm256_and_si256(_mm256_cmpgt_epi64(a, negative), _mm256_cmpgt_epi64(size[0], a));
    const __m256i in_b =
        _mm256_and_si256(_mm256_cmpgt_epi64(b, negative), _mm256_cmpgt_epi64(size[1], b));
    const int mask = _mm256_movemask_pd(_mm256_castsi256_pd(_mm256_or_si256(in_a, in_b)));
    found |= static_cast<uint64_t>(static_cast<unsigned>(mask)) << i;
  }
  if (i < count) found |= find_one_by_one(words + i, count - i, places) << i;
  return found;
}

bool has_avx2() {
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx2") != 0;
}
#endif

}  // namespace

uint64_t find_pointers(const uintptr_t* words, size_t count, const AddressRange (&places)[2]) {
#if defined(__x86_64__)
  static const bool by_fours = has_avx2();
  if (by_fours) return find_by_fours(words, count, places);
#endif
  return find_one_by_one(words, count, places);
}

}  // namespace fibersan
