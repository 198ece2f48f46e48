// run.h: the world in which fibers live.
#ifndef FIBER_RUN_H
#define FIBER_RUN_H

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

namespace fiber {

// 0 stands for the default. What FIBER_OPTIONS says in the environment goes before what
// the program says here, so that a run can be repeated without compiling.
struct Options {
  unsigned procs = 0;     // fibers that run at once; default: the CPUs this process may use
  uint64_t seed = 0;      // of every scheduling choice; default: a new one each run
  size_t stack_size = 0;  // bytes of a fiber's stack; default: 256 KiB
};

namespace internal {

// Runs call(context) as the main fiber.
void run_main(const Options& options, void (*call)(void* context), void* context);

}  // namespace internal

// Runs `function` as fiber 1 and returns what it returns (void counts as 0). When it
// returns, the other fibers are stopped where they are: they never run again and their
// stacks are not unwound; what they have locked, or were just given by an unlock() or
// release(), stays taken. A fiber that neither waits nor yields delays this.
//
// May be called again afterwards, from any thread, one run at a time: throws Error inside
// a run. When every fiber waits and nothing can wake one, the process ends with each
// fiber's stack on standard error and status 2 (under the detector: a report, and its
// exit code).
template <typename F>
int run(F&& function, const Options& options = {}) {
  using R = std::invoke_result_t<F&>;
  static_assert(std::is_void_v<R> || std::is_same_v<R, int>,
                "fiber::run takes a function that returns void or int");
  struct Main {
    F& function;
    int status;
  } main{function, 0};
  internal::run_main(
      options,
      [](void* context) {
        auto* main = static_cast<Main*>(context);
        if constexpr (std::is_void_v<R>) {
          main->function();
        } else {
          main->status = main->function();
        }
      },
      &main);
  return main.status;
}

// How many fibers run at once, in this run or, outside of one, in the next.
unsigned processors();

// Changes that number while a run is on, from 1 to 1024; 0: the CPUs this process may use, and
// their changes. Returns the number until now. A processor too many gives its fibers to the
// others as soon as the one it runs waits or yields. Throws Error outside of run(), and when
// there cannot be so many. Semantics: Go's GOMAXPROCS.
unsigned set_processors(unsigned count);

}  // namespace fiber

#endif  // FIBER_RUN_H
