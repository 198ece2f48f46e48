// Every fiber waits, one of them for a socket: somebody outside may still send something. Here
// it is a child process, after a time in which a deadlock would have been reported.
//
// RUN: %fibersan %s -o %t && %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=procs=1 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fiber %s -o %t.plain && %run %t.plain 2>&1 | FileCheck %s
#include <fiber/fiber.h>

#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>

int main() {
  int ends[2];
  if (pipe(ends) != 0) return 1;
  const pid_t child = fork();
  if (child == 0) {
    usleep(100'000);
    _exit(write(ends[1], "x", 1) == 1 ? 0 : 1);
  }
  close(ends[1]);
  fiber::run([&] {
    fiber::Channel<int> channel;
    fiber::go([&, channel] {
      fiber::wait_readable(ends[0]);
      channel.send(1);
    });
    std::printf("received %d\n", *channel.receive());
  });
  int status = 0;
  waitpid(child, &status, 0);
  return status;
}
// CHECK: received 1
