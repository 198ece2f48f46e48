// What the detector has freed, such as what its reader of suppressions needed, holds no pointers
// any more when the program gets it: blocks that nobody has written yet would keep alive what comes
// to lie where those lead.
//
// RUN: %fibersan %s -o %t && %run %t 2>&1 | FileCheck %s
// RUN: printf 'leak:some_function\ndeadlock:another.cpp\n' > %t.few && env FIBERSAN_OPTIONS=suppressions='"'%t.few'"' %run %t 2>&1 | FileCheck %s
// RUN: seq 3000 | sed 's/.*/race:^a_function_with_a_rather_long_name_&/' > %t.many && env FIBERSAN_OPTIONS=suppressions='"'%t.many'"' %run %t 2>&1 | FileCheck %s
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

constexpr std::size_t kBlocks = 3000;
void* blocks[kBlocks];

std::size_t size_of(std::size_t block) { return 24 + block % 300 * 8; }

// The C library writes the first two words, and where a large block itself begins.
int old_pointers(const volatile std::uintptr_t* words, std::size_t size, std::uintptr_t low,
                 std::uintptr_t high) {
  const auto own = reinterpret_cast<std::uintptr_t>(words) - 2 * sizeof(std::uintptr_t);
  int count = 0;
  for (std::size_t i = 2; i < size / sizeof(std::uintptr_t); ++i)
    count += words[i] >= low && words[i] < high && words[i] != own ? 1 : 0;
  return count;
}

int main() {
  for (std::size_t i = 0; i < kBlocks; ++i) blocks[i] = std::malloc(size_of(i));
  const auto [low, high] = std::minmax_element(blocks, blocks + kBlocks);
  int count = 0;
  for (std::size_t i = 0; i < kBlocks; ++i) {
    count += old_pointers(static_cast<std::uintptr_t*>(blocks[i]), size_of(i),
                          reinterpret_cast<std::uintptr_t>(*low),
                          reinterpret_cast<std::uintptr_t>(*high));
  }
  std::printf("%d old pointers\n", count);
}
// CHECK: {{^}}0 old pointers
