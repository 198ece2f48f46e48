// The inline test of a write of 16, 32 or 64 bytes: each cell's slot compared with the stamp in
// turn, as the pass emits it, against two cells at once in AVX2 registers.
//
//     clang++-19 -O2 utils/bench/instrument/wide_test.cpp -o wide_test && ./wide_test
#include <immintrin.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>

namespace {

constexpr int kCells = 1024;
constexpr int kRounds = 2000;
constexpr std::uint64_t kStamp = 0x12345ff;

struct Cell {
  std::uint64_t slots[2];
};
alignas(64) Cell cells[kCells];

template <int kCount>
bool one_by_one(const Cell* cell) {
  for (int i = 0; i < kCount; ++i) {
    asm goto("cmpq %0, %1; jne %l2" ::"r"(kStamp), "m"(cell[i].slots[0]) : "cc" : miss);
  }
  return true;
miss:
  return false;
}

template <int kCount>
[[gnu::target("avx2")]] bool together(const Cell* cell) {
  std::uint64_t stamp = kStamp;
  asm volatile("" : "+r"(stamp));  // it is read anew for each check
  const __m256i wanted = _mm256_set1_epi64x(static_cast<long long>(stamp));
  __m256i equal = _mm256_set1_epi64x(-1);
  for (int i = 0; i < kCount; i += 2) {
    const auto* two = reinterpret_cast<const __m256i*>(cell + i);
    equal = _mm256_and_si256(equal, _mm256_cmpeq_epi64(wanted, _mm256_loadu_si256(two)));
  }
  constexpr int kFirstSlots = 5;
  return (_mm256_movemask_pd(_mm256_castsi256_pd(equal)) & kFirstSlots) == kFirstSlots;
}

// Nanoseconds for each, the best of several.
template <int kCount, bool (*kTest)(const Cell*)>
[[gnu::target("avx2"), gnu::noinline]] double measure() {
  double best = 1e9;
  int misses = 0;
  for (int attempt = 0; attempt < 25; ++attempt) {
    const auto begun = std::chrono::steady_clock::now();
    for (int round = 0; round < kRounds; ++round) {
      for (const Cell* cell = cells; cell < cells + kCells; cell += kCount) {
        asm volatile("" : "+r"(cell));
        if (!kTest(cell)) ++misses;
      }
    }
    const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - begun;
    best = std::min(best, took.count() / kRounds / (kCells / kCount));
  }
  return misses == 0 ? best : -1;
}

template <int kCount>
void compare() {
  const double chain = measure<kCount, one_by_one<kCount>>();
  const double vector = measure<kCount, together<kCount>>();
  std::printf("%2d bytes: one by one %.2f ns, together %.2f ns\n", 8 * kCount, chain, vector);
}

}  // namespace

int main() {
  for (Cell& cell : cells) cell = {{kStamp, 7}};
  compare<2>();
  compare<4>();
  compare<8>();
}
