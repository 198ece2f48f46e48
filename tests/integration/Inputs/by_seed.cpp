// Fails with one seed, which stands for a schedule that shows a mistake.
//
// RUN: %fiber %s -o %t && %run %t
#include <cstdlib>
#include <cstring>

int main() {
  const char* options = std::getenv("FIBER_OPTIONS");
  return options != nullptr && std::strstr(options, "seed=5") != nullptr ? 1 : 0;
}
