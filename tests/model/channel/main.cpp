#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "arguments.h"

namespace channel_model {

Arguments& arguments() {
  static Arguments values;
  return values;
}

}  // namespace channel_model

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  channel_model::Arguments& arguments = channel_model::arguments();
  for (int i = 1; i < argc; ++i) {
    if (std::strncmp(argv[i], "--seed=", 7) == 0) {
      arguments.seed = std::strtoull(argv[i] + 7, nullptr, 10);
    } else if (std::strncmp(argv[i], "--programs=", 11) == 0) {
      arguments.programs = std::strtoull(argv[i] + 11, nullptr, 10);
    } else {
      std::fprintf(stderr, "unknown argument %s; known: --seed=S --programs=N\n", argv[i]);
      return 2;
    }
  }
  return RUN_ALL_TESTS();
}
