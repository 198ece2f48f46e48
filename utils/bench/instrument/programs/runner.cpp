// Runs a program's main() as the main fiber of a run, where accesses are made as by many threads.
#include <fiber/fiber.h>

extern "C" int program_main(int count, char** arguments);

int main(int count, char** arguments) {
  int status = 0;
  fiber::run(
      [&] {
        fiber::LockThread lock;  // a program of one thread has one set of thread_locals
        status = program_main(count, arguments);
      },
      {.stack_size = size_t{64} << 20});
  return status;
}
