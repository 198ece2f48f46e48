// A library without instrumentation hands its own memory from fiber to fiber under a lock of
// its own: what it allocates and frees is not reported. A race of the program's own on memory
// of the library is, and so is a free by the library of the program's memory, unless
// ignore_noninstrumented_modules says otherwise.
//
// RUN: clang-19 -O1 -g -fPIC -shared %S/Inputs/pool.c -o %t.pool.so
// RUN: %fibersan %s %t.pool.so -o %t
// RUN: %run %t handed_over 2>&1 | FileCheck %s --check-prefix=SILENT --implicit-check-not=WARNING
// RUN: %run %t reloaded %t.pool.so 2>&1 | FileCheck %s --check-prefix=SILENT --implicit-check-not=WARNING
// RUN: not %run %t shared 2>&1 | FileCheck %s --check-prefix=SHARED
// RUN: not %run %t given_away 2>&1 | FileCheck %s --check-prefix=GIVEN
// RUN: env FIBERSAN_OPTIONS=ignore_noninstrumented_modules=1 %run %t given_away 2>&1 | FileCheck %s --check-prefix=SILENT --implicit-check-not=WARNING
// SILENT: done
// SHARED: WARNING: FiberSan: data race
// SHARED: Location is heap block of size 6
// SHARED: #{{[01]}} pool_put
// GIVEN: WARNING: FiberSan: heap-use-after-free race
#include "Inputs/pool.h"

#include <dlfcn.h>
#include <fiber/fiber.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "../../turn.h"

namespace {

// Every message goes from the fiber that put it to one that uses it, changes it and gives it back.
void handed_over() {
  fiber::WaitGroup group;
  for (int i = 0; i < 8; ++i)
    group.go([] {
      for (int round = 0; round < 50; ++round) {
        pool_put("hello");
        char* message = pool_borrow();
        if (message == nullptr) continue;
        message[0] = 'H';
        fiber::yield();
        if (std::strcmp(message, "Hello") != 0) std::abort();
        pool_give_back(message);
      }
    });
  group.wait();
}

void shared() {
  pool_put("hello");
  char* message = pool_borrow();
  fiber::WaitGroup both;
  both.go([&] { message[0] = 'H'; });
  both.go([&] { message[0] = 'h'; });
  both.wait();
}

void given_away() {
  auto* message = static_cast<char*>(std::malloc(8));
  fiber::WaitGroup both;
  both.go([&] { message[0] = 'H'; });
  both.go([&] {
    fiber::yield();
    pool_give_back(message);
  });
  both.wait();
}

// A library's data at the place where an earlier one was unloaded. Nothing orders the fibers, but
// the second begins when the first has unloaded: otherwise both would have one library.
void reloaded(const char* path) {
  const std::string copy = std::string(path) + ".copy";
  const std::string command = "cp '" + std::string(path) + "' '" + copy + "'";
  if (std::system(command.c_str()) != 0) std::abort();
  Turn turn;
  auto use = [&](int step) {
    turn.after(step);
    void* library = dlopen(copy.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) std::abort();
    auto* state = reinterpret_cast<int* (*)()>(dlsym(library, "pool_state"));
    ++*state();
    dlclose(library);
    turn.done();
  };
  fiber::WaitGroup both;
  both.go(use, 0);
  both.go(use, 1);
  both.wait();
}

}  // namespace

int main(int, char** arguments) {
  return fiber::run([&] {
    const std::string mode = arguments[1];
    if (mode == "handed_over") handed_over();
    if (mode == "shared") shared();
    if (mode == "given_away") given_away();
    if (mode == "reloaded") reloaded(arguments[2]);
    std::puts("done");
  });
}
