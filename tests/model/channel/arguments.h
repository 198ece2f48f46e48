// arguments.h: --seed=S and --programs=N of the channel model's tests. With a seed only its
// program runs, and each of its steps is printed.
#ifndef FIBERSAN_TESTS_MODEL_CHANNEL_ARGUMENTS_H
#define FIBERSAN_TESTS_MODEL_CHANNEL_ARGUMENTS_H

#include <cstdint>

namespace channel_model {

struct Arguments {
  uint64_t seed = 0;      // 0: all from 1 on
  uint64_t programs = 0;  // 0: as many as each test says
};

Arguments& arguments();

// Runs program(seed) for each seed; stops at the first that returns false.
template <class Program>
void for_each_seed(uint64_t programs, Program program) {
  const Arguments& given = arguments();
  if (given.seed != 0) {
    program(given.seed);
    return;
  }
  const uint64_t count = given.programs != 0 ? given.programs : programs;
  for (uint64_t seed = 1; seed <= count; ++seed)
    if (!program(seed)) return;
}

}  // namespace channel_model

#endif  // FIBERSAN_TESTS_MODEL_CHANNEL_ARGUMENTS_H
