// fork() from a fiber: the child goes on alone, and what it cannot do it says.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <string>

#include "fiber/channel.h"
#include "fiber/error.h"
#include "fiber/go.h"
#include "fiber/local.h"
#include "fiber/run.h"
#include "fiber/sync.h"
#include "fiber/time.h"
#include "fiber/wait_group.h"

namespace fiber {
namespace {

using testing::HasSubstr;

struct Child {
  int status = -1;  // -1: by a signal
  std::string output;
};

// What a child that runs `body` prints on standard error, and how it ends. One that hangs is
// ended by SIGALRM.
Child fork_child(const std::function<void()>& body) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) std::abort();
  std::fflush(stdout);
  const pid_t pid = fork();
  if (pid == 0) {
    alarm(20);
    dup2(ends[1], STDERR_FILENO);
    body();
    return {};  // through the fiber's end
  }
  close(ends[1]);
  Child child;
  char buffer[512];
  for (ssize_t got; (got = read(ends[0], buffer, sizeof(buffer))) > 0;)
    child.output.append(buffer, static_cast<size_t>(got));
  close(ends[0]);
  int status = 0;
  waitpid(pid, &status, 0);
  if (WIFEXITED(status)) child.status = WEXITSTATUS(status);
  return child;
}

// Runs test(procs) while other fibers keep every processor and the runtime's locks busy.
void among_busy_fibers(const std::function<void()>& test) {
  for (unsigned procs : {1u, 4u}) {
    run(
        [&test] {
          std::atomic<bool> over{false};
          Channel<int> line(4);
          WaitGroup others;
          for (int i = 0; i < 4; ++i) {
            others.go([&] {
              while (!over) {
                spawn([] { yield(); }).join();
                line.try_send(1);
                line.try_receive();
              }
            });
          }
          test();
          over = true;
          others.wait();
        },
        {.procs = procs});
  }
}

TEST(Fork, TheChildMayExecuteAProgram) {
  among_busy_fibers([] {
    for (int i = 0; i < 5; ++i) {
      const Child child = fork_child([] {
        execl("/bin/sh", "sh", "-c", "echo from the shell >&2; exit 7", nullptr);
        _exit(99);
      });
      EXPECT_EQ(child.status, 7);
      EXPECT_EQ(child.output, "from the shell\n");
      yield();
    }
  });
}

TEST(Fork, TheChildMayLeave) {
  among_busy_fibers([] {
    EXPECT_EQ(fork_child([] { _exit(5); }).status, 5);
    EXPECT_EQ(fork_child([] { std::exit(6); }).status, 6);
  });
}

TEST(Fork, TheEndOfAFiberEndsTheChild) {
  among_busy_fibers([] {
    int in_child = 0;
    const Child child =
        spawn([&in_child] { return fork_child([&in_child] { in_child = 1; }); }).join();
    EXPECT_EQ(in_child, 0);
    EXPECT_EQ(child.status, 0);
    EXPECT_EQ(child.output, "");
  });
}

// Nobody is there who would show its fibers.
TEST(Fork, SigquitEndsTheChildAsItEndsAnyProcess) {
  std::signal(SIGQUIT, SIG_DFL);  // a shell's background job has it ignored
  among_busy_fibers([] {
    const Child child = fork_child([] {
      const rlimit none = {0, 0};
      setrlimit(RLIMIT_CORE, &none);
      std::raise(SIGQUIT);
      _exit(5);
    });
    EXPECT_EQ(child.status, -1);
    EXPECT_EQ(child.output, "");
  });
}

TEST(Fork, TheProgramsOwnHandlerOfSigquitStaysInTheChild) {
  const auto before = std::signal(SIGQUIT, [](int) { _exit(6); });
  among_busy_fibers([] { EXPECT_EQ(fork_child([] { std::raise(SIGQUIT); }).status, 6); });
  std::signal(SIGQUIT, before);
}

TEST(Fork, WhatDoesNotWaitWorksInTheChild) {
  among_busy_fibers([] {
    Mutex mutex;
    Channel<int> line(2);
    FiberLocal<int> local;
    *local = 3;
    EXPECT_EQ(fork_child([&] {
                for (int i = 0; i < 1000; ++i) yield();
                const std::scoped_lock lock(mutex);
                line.send(1);
                line.send(*local);
                const int sum = *line.receive() + *line.receive();
                try {
                  throw std::runtime_error("x");
                } catch (const std::exception&) {
                  yield();
                }
                _exit(sum);
              }).status,
              4);
  });
}

TEST(Fork, FibersOfTheParentDoNotRunInTheChild) {
  among_busy_fibers([] {
    Mutex mutex;
    mutex.lock();
    const pid_t parent = getpid();
    std::atomic<bool> asked{false};
    auto waiter = spawn([&] {
      asked = true;
      const std::scoped_lock lock(mutex);
      if (getpid() != parent) _exit(66);
    });
    while (!asked) yield();
    yield();
    EXPECT_EQ(fork_child([&] {
                mutex.unlock();  // to a waiter that is not there
                for (int i = 0; i < 100; ++i) yield();
                _exit(4);
              }).status,
              4);
    mutex.unlock();
    waiter.join();
  });
}

TEST(Fork, AWaitInTheChildIsRefused) {
  among_busy_fibers([] {
    const Child receive = fork_child([] { Channel<int>().receive(); });
    EXPECT_EQ(receive.status, 2);
    EXPECT_THAT(receive.output,
                HasSubstr("fatal error: a fiber waits [chan receive] in the child of fork()"));
    const Child sleep = fork_child([] { sleep_for(std::chrono::milliseconds(1)); });
    EXPECT_EQ(sleep.status, 2);
    EXPECT_THAT(sleep.output, HasSubstr("[sleep]"));
  });
}

TEST(Fork, NoFiberIsStartedInTheChild) {
  among_busy_fibers([] {
    EXPECT_EQ(fork_child([] {
                try {
                  go([] {});
                } catch (const Error& error) {
                  if (std::string(error.what()).find("fork") != std::string::npos) _exit(3);
                }
              }).status,
              3);
  });
}

TEST(Fork, TheMainFiberCannotReturnInTheChild) {
  Child child;
  run([&child] { child = fork_child([] {}); });
  EXPECT_EQ(child.status, 2);
  EXPECT_THAT(child.output, HasSubstr("the main fiber has returned in the child of fork()"));
}

TEST(Fork, BetweenRunsTheChildMayRun) {
  run([] {});
  EXPECT_EQ(fork_child([] {
              _exit(run([] { return spawn([] { return 8; }).join(); }, {.procs = 4}));
            }).status,
            8);
}

TEST(Fork, ProgramsAreStartedFromFibers) {
  among_busy_fibers([] {
    EXPECT_EQ(WEXITSTATUS(std::system("exit 9")), 9);
    std::FILE* pipe = popen("echo piped", "re");
    char text[32] = {};
    EXPECT_NE(std::fgets(text, sizeof(text), pipe), nullptr);
    EXPECT_STREQ(text, "piped\n");
    EXPECT_EQ(pclose(pipe), 0);
    pid_t pid = 0;
    char shell[] = "sh";
    char option[] = "-c";
    char command[] = "exit 11";
    char* arguments[] = {shell, option, command, nullptr};
    ASSERT_EQ(posix_spawn(&pid, "/bin/sh", nullptr, nullptr, arguments, environ), 0);
    int status = 0;
    EXPECT_EQ(waitpid(pid, &status, 0), pid);
    EXPECT_EQ(WEXITSTATUS(status), 11);
  });
}

}  // namespace
}  // namespace fiber
