// Strings: log lines are built, split and counted in a map.
#include <cstdint>
#include <cstdio>
#include <map>
#include <string>

int main() {
  std::map<std::string, int> counts;
  uint32_t random = 1;
  for (int i = 0; i < 400'000; ++i) {
    random = random * 1664525 + 1013904223;
    std::string line = "host" + std::to_string((random >> 8) % 500) + " GET /item/" +
                       std::to_string((random >> 16) % 100) + " 200";
    for (size_t from = 0; from < line.size();) {
      size_t to = line.find(' ', from);
      if (to == std::string::npos) to = line.size();
      ++counts[line.substr(from, to - from)];
      from = to + 1;
    }
  }
  long sum = 0;
  for (const auto& [word, count] : counts) sum += static_cast<long>(word.size()) * count;
  std::printf("%zu %ld\n", counts.size(), sum);
}
