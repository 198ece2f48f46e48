// arguments.h: --seed=S and --programs=N of the model tests.
#ifndef FIBERSAN_TESTS_MODEL_ARGUMENTS_H
#define FIBERSAN_TESTS_MODEL_ARGUMENTS_H

#include <cstdint>

namespace fibersan::model {

struct Arguments {
  std::uint64_t seed = 1;
  std::uint64_t programs = 60000;
};

Arguments& arguments();

}  // namespace fibersan::model

#endif  // FIBERSAN_TESTS_MODEL_ARGUMENTS_H
