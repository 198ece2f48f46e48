// Calls a program's main() where accesses are made as by many threads: as the main fiber of a run
// (FIBERS), or THREADS times at once, in fibers or in threads. The programs are of one thread each.
#include <cstddef>
#include <thread>
#include <vector>

extern "C" int program_main(int count, char** arguments);

#ifdef FIBERS
#include <fiber/fiber.h>

namespace {

constexpr size_t kStackBytes = size_t{64} << 20;

int call(int count, char** arguments) {
  fiber::LockThread lock;  // a program of one thread has one set of thread_locals
  return program_main(count, arguments);
}

}  // namespace

int main(int count, char** arguments) {
  return fiber::run(
      [&] {
        std::vector<fiber::Handle<int>> others;
        for (int i = 1; i < THREADS; ++i)
          others.push_back(fiber::spawn({.stack_size = kStackBytes}, call, count, arguments));
        int status = call(count, arguments);
        for (fiber::Handle<int>& other : others) status |= other.join();
        return status;
      },
      {.stack_size = kStackBytes});
}
#else
int main(int count, char** arguments) {
  std::vector<std::thread> others;
  for (int i = 1; i < THREADS; ++i) others.emplace_back([=] { program_main(count, arguments); });
  const int status = program_main(count, arguments);
  for (std::thread& other : others) other.join();
  return status;
}
#endif
