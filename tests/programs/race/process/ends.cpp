// Several fibers race all the time, each time at another place, so at any moment a report is being
// made; one of them ends the process, in the way that the argument names. Every report that began
// to appear is whole, the last line counts them, and the exit status is the one of a failed check
// or of the signal.
//
// RUN: %fibersan %s -o %t
// RUN: %python %S/Inputs/whole_reports.py --times 2 %t
// RUN: %python %S/Inputs/whole_documents.py %t.documents %t
#include <fiber/fiber.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <utility>

constexpr int kPlaces = 200;
int places[kPlaces];
std::atomic<int> races{0};

template <int kPlace>
__attribute__((noinline)) void race() {
  places[kPlace] = kPlace;
  races.fetch_add(1, std::memory_order_relaxed);
}

template <int... kPlace>
void (*const* table(std::integer_sequence<int, kPlace...>))() {
  static constexpr void (*kRaces[])() = {race<kPlace>...};
  return kRaces;
}

void race_everywhere() {
  void (*const* all)() = table(std::make_integer_sequence<int, kPlaces>());
  for (int i = 0; i < kPlaces; ++i) all[i]();
}

int fork_child(bool quickly) {
  const pid_t child = fork();
  if (child == 0) {
    places[0] = 1;
    if (quickly) _exit(5);
    std::exit(5);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void end(const char* way) {
  const auto is = [way](const char* name) { return std::strcmp(way, name) == 0; };
  if (is("exit")) std::exit(5);
  if (is("_exit")) _exit(5);
  if (is("_Exit")) std::_Exit(5);
  if (is("quick_exit")) std::quick_exit(5);
  if (is("abort")) std::abort();
  if (is("terminate")) std::terminate();
  if (is("fault")) *reinterpret_cast<volatile int*>(16) = 1;
  if (is("raise")) std::raise(SIGFPE);
  if (is("kill")) kill(getpid(), SIGTERM);
  if (is("handler")) {
    std::signal(SIGSEGV, [](int) { _exit(5); });
    *reinterpret_cast<volatile int*>(16) = 1;
  }
  if (is("handler_again")) {
    std::signal(SIGBUS, [](int number) { std::signal(number, SIG_DFL), std::raise(number); });
    std::raise(SIGBUS);
  }
  if (is("exec")) execl("/proc/self/exe", "again", "return", nullptr);
  if (is("exec_fails")) execl("/nowhere", "nowhere", nullptr), _exit(5);
  if (is("fork")) std::fprintf(stderr, "child: %d %d\n", fork_child(true), fork_child(false));
}

int main(int, char** arguments) {
  const rlimit no_core = {0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  return fiber::run(
      [way = arguments[1]] {
        fiber::WaitGroup racers;
        for (int i = 0; i < 2; ++i) racers.go(race_everywhere);
        while (races.load(std::memory_order_relaxed) < kPlaces + 3) fiber::yield();
        end(way);
      },
      {.procs = 3});
}
