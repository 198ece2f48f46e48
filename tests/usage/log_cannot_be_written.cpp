// Where reports cannot be written, on a full disk, beyond a limit or into a folder that is not
// there, they go to standard error as text, with a line that says so, and nothing is lost: neither
// a finding nor the exit status. What was written before stays, and is whole.
//
// RUN: %fibersan %s -o %t
// RUN: %python %S/Inputs/log_cannot_be_written.py %t.logs %t
#include <fiber/fiber.h>
#include <sys/resource.h>

#include <cstdlib>

int places[8];

template <int kPlace>
__attribute__((noinline)) void race() {
  fiber::WaitGroup group;
  for (int i = 0; i < 2; ++i) group.go([] { ++places[kPlace]; });
  group.wait();
}

int main(int, char** arguments) {
  const auto limit = static_cast<rlim_t>(std::atoi(arguments[1]));
  return fiber::run([=] {
    race<0>();
    const rlimit size = {limit, limit};
    if (limit != 0) setrlimit(RLIMIT_FSIZE, &size);
    race<1>(), race<2>(), race<3>();
  });
}
