// What children find fails the first process with children_exitcode=1, though it does not wait for
// them: by fork, as a daemon, in a program whose status a shell drops, and across its own exec. A
// child that only ends, cleanly or killed, fails nothing, nor does any without the option.
//
// RUN: %fibersan %s -o %t && mkdir -p %t.logs
// DEFINE: %{wait} = children_exitcode=1:children_wait_ms=100000
// RUN: env FIBERSAN_OPTIONS=%{wait} %exits 66 %run %t fork 2>&1 | FileCheck %s
// RUN: env FIBERSAN_OPTIONS=%{wait} %exits 66 %run %t child_of_child 2>&1 | FileCheck %s
// RUN: env FIBERSAN_OPTIONS=%{wait} %exits 66 %run %t daemon 2>&1 | FileCheck %s
// RUN: env FIBERSAN_OPTIONS=%{wait} %exits 66 %run %t shell 2>&1 | FileCheck %s
// RUN: env FIBERSAN_OPTIONS=children_exitcode=1 %exits 66 %run %t exec 2>&1 | FileCheck %s
// RUN: env FIBERSAN_OPTIONS=%{wait}:exitcode=0 %exits 5 %run %t fork 2>&1 | FileCheck %s
// RUN: %exits 5 %run %t fork 2>&1 | FileCheck %s --check-prefix=WITHOUT
// RUN: %exits 5 %run %t exec 2>&1 | FileCheck %s --check-prefix=WITHOUT
//
// RUN: env FIBERSAN_OPTIONS=%{wait} %exits 5 %run %t clean 2>&1 | count 0
// RUN: env FIBERSAN_OPTIONS=%{wait} %exits 5 %run %t killed 2>&1 | count 0
// RUN: env FIBERSAN_OPTIONS=children_exitcode=1 %exits 5 %run %t runs 2>&1 | FileCheck %s --check-prefix=RUNS
//
// The document of the process says it, too, and other formats have it from there.
// RUN: rm -rf %t.logs && mkdir %t.logs
// RUN: env FIBERSAN_OPTIONS=%{wait}:format=json:log_path='"'%t.logs/log'"' %exits 66 %run %t fork
// RUN: %build/bin/fibersan report %t.logs | FileCheck %s --check-prefix=DOCUMENTS
//
// CHECK: WARNING: FiberSan: data race
// CHECK: SUMMARY: FiberSan: data race {{.*}} in add()
// CHECK: FiberSan: child processes, or this one before exec, reported 1 warning
// CHECK-NEXT: FiberSan: reported 0 warnings; precision: exact
// DOCUMENTS-DAG: SUMMARY: FiberSan: data race {{.*}} in add()
// DOCUMENTS-DAG: FiberSan: child processes, or this one before exec, reported 1 warning
// WITHOUT-NOT: child processes
// RUNS: FiberSan: 1 child process still runs: what is found there from now on fails nothing here (children_wait_ms)
// RUNS-NEXT: FiberSan: reported 0 warnings; precision: exact
#include <fiber/fiber.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <cstring>
#include <string>

int number;
void add() { ++number; }

void race() {
  fiber::run([] {
    fiber::WaitGroup group;
    for (int i = 0; i < 2; ++i) group.go(add);
    group.wait();
  });
}

// Without a word to its parent.
template <class F>
pid_t child(F f) {
  const pid_t process = fork();
  if (process == 0) f(), _exit(0);
  return process;
}

int main(int, char** arguments) {
  const auto is = [way = arguments[1]](const char* name) { return std::strcmp(way, name) == 0; };
  const std::string self = std::string("'") + arguments[0] + "' ";
  if (is("fork")) child(race);
  if (is("child_of_child")) child([] { setsid(), child(race); });
  if (is("daemon")) return daemon(1, 1) == 0 ? race(), 0 : 1;  // the parent ends in it
  if (is("race")) race();
  if (is("shell") && std::system((self + "race; exit 0").c_str()) != 0) return 1;
  if (is("exec")) race(), execl("/proc/self/exe", "again", "nothing", nullptr);
  if (is("clean")) waitpid(child([] { number = 1; }), nullptr, 0);
  if (is("killed")) child([] { raise(SIGKILL); });
  if (is("runs")) {
    static int ends[2];  // what the child waits for ends with this process
    if (pipe(ends) != 0) return 1;
    child([] {
      char letter;
      close(ends[1]);
      while (read(ends[0], &letter, 1) > 0) {
      }
    });
  }
  return 5;
}
