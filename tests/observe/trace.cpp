// The execution trace of a program that does a bit of everything, and of programs that end in
// other ways than by returning: each file is complete and consistent (Inputs/check_trace.py).
//
// RUN: mkdir -p %t.dir && cd %t.dir && %fiber -O1 %s -o %t
// RUN: env FIBER_OPTIONS=procs=4:trace=main.json %run %t
// RUN: %python %S/Inputs/check_trace.py main.json "fiber 29 'ponger'" "run started" "run finished" wake timers "blocking call" "net poll" | FileCheck %s
// RUN: env FIBER_OPTIONS=procs=4:trace=exit.json %run %t exit
// RUN: %python %S/Inputs/check_trace.py exit.json "fiber 1"
// RUN: env FIBER_OPTIONS=procs=2:trace=deadlock.json %exits 2 %run %t deadlock
// RUN: %python %S/Inputs/check_trace.py deadlock.json "fiber 1"
// RUN: env FIBER_OPTIONS=procs=2:trace=throw.json not --crash %run %t throw
// RUN: %python %S/Inputs/check_trace.py throw.json "fiber 1"
// RUN: env FIBER_OPTIONS=procs=2:trace=fork.json %run %t fork
// RUN: %python %S/Inputs/check_trace.py fork.json "fiber 1" "run finished"
// RUN: env FIBER_OPTIONS=procs=2:trace=between.json %run %t fork-between-runs
// RUN: %python %S/Inputs/check_trace.py between.json "fiber 1" "run finished"
// RUN: env FIBER_OPTIONS=procs=2:trace=cut.json:trace_mb=1 %run %t many 2>&1 | FileCheck %s --check-prefix=CUT
// RUN: %python %S/Inputs/check_trace.py --cut cut.json "fiber 1"
// RUN: env FIBER_OPTIONS=trace=/nonexistent/file %exits 1 %run %t 2>&1 | FileCheck %s --check-prefix=NO-FILE
#include <fiber/blocking.h>
#include <fiber/fiber.h>

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <thread>

#include <sys/wait.h>
#include <unistd.h>

using namespace std::chrono_literals;

void play(int rounds) {
  fiber::Channel<int> there, back;
  fiber::go({.name = "ponger"}, [=] {
    for (int value : there) back.send(value);
    back.close();
  });
  for (int i = 0; i < rounds; ++i) {
    there.send(i);
    back.receive();
  }
  there.close();
  back.receive();
}

// Its processor goes to others meanwhile.
void block_the_thread() {
  fiber::blocking([] { std::this_thread::sleep_for(15ms); });
}

void wait_for_the_network() {
  int ends[2];
  if (pipe(ends) != 0) std::abort();
  fiber::go([end = ends[1]] {
    fiber::sleep_for(2ms);
    if (write(end, "x", 1) != 1) std::abort();
  });
  fiber::wait_readable(ends[0]);
  close(ends[0]);
  close(ends[1]);
}

// The child does more than its parent will: what it wrote would be seen behind the end.
template <class Body>
void fork_a_child_that(Body body) {
  const pid_t child = fork();
  if (child == 0) {
    body();
    std::exit(0);
  }
  int status = -1;
  if (waitpid(child, &status, 0) != child || status != 0) std::abort();
}

void yield_often() {
  for (int i = 0; i < 20'000; ++i) fiber::yield();
}

int main(int, char** arguments) {
  const char* end = arguments[1] == nullptr ? "" : arguments[1];
  if (std::strcmp(end, "fork-between-runs") == 0) {
    fiber::run([] { fiber::yield(); });
    fork_a_child_that([] { fiber::run(yield_often); });
    return fiber::run([] { fiber::yield(); });
  }
  return fiber::run([end] {
    fiber::WaitGroup group;
    for (int i = 0; i < 20; ++i) {
      group.go([] {
        fiber::sleep_for(2ms);
        for (int j = 0; j < 10; ++j) fiber::yield();
      });
    }
    for (int i = 0; i < 6; ++i) group.go(block_the_thread);
    group.go(wait_for_the_network);
    play(std::strcmp(end, "many") == 0 ? 20'000 : 100);
    group.wait();
    if (std::strcmp(end, "exit") == 0) std::exit(0);
    if (std::strcmp(end, "fork") == 0) fork_a_child_that(yield_often);
    if (std::strcmp(end, "deadlock") == 0) fiber::Channel<int>().receive();
    if (std::strcmp(end, "throw") == 0) throw std::runtime_error("on purpose");
  });
}
// CHECK: {{[0-9]+}} events, {{[0-9]+}} slices, {{[0-9]+}} arrows, {{[0-9]+}} tracks
// CUT: the limit of FIBER_OPTIONS=trace_mb was reached
// NO-FILE: FIBER_OPTIONS: trace: cannot write /nonexistent/file: No such file
