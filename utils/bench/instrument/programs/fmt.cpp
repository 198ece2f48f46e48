// Formats many numbers and words, header-only fmt compiled into the program.
#define FMT_HEADER_ONLY
#include <fmt/format.h>

#include <cstdio>
#include <string>

int main() {
  size_t length = 0;
  std::string last;
  for (int i = 0; i < 400'000; ++i) {
    last = fmt::format("{:>8} {:#x} {:.3f} {}", i, i * 7919, i / 7.0,
                       last.size() % 2 ? "odd" : "even");
    length += last.size();
  }
  std::printf("%zu %s\n", length, last.c_str());
}
