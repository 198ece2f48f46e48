// A program asks what was found so far: each finding's line, of 70 the last 64, nothing again, what
// occurs again, and in a child of fork() only the child's own. In a plain build there is nothing.
//
// RUN: %fibersan %s -o %t && env FIBERSAN_OPTIONS=exitcode=0:log_path='"'%t.report'"' %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fiber %s -o %t.plain && %run %t.plain 2>&1 | FileCheck %s --check-prefix=PLAIN
#include <fiber/fiber.h>

#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <string>

int numbers[80];

void race(void (*write)()) {
  fiber::WaitGroup two;
  two.go(write);
  two.go(write);
  two.wait();
}

#define WRITER(n) \
  [[gnu::noinline]] void write_##n() { numbers[n] += 1; }
#define RACE(n) race(write_##n);
#define TEN(of, tens)                                                                             \
  of(tens##0) of(tens##1) of(tens##2) of(tens##3) of(tens##4) of(tens##5) of(tens##6) of(tens##7) \
      of(tens##8) of(tens##9)
#define ALL(of) TEN(of, 1) TEN(of, 2) TEN(of, 3) TEN(of, 4) TEN(of, 5) TEN(of, 6) TEN(of, 7)
ALL(WRITER)

void tell(const char* when, const std::string& text) {
  std::printf("%s: [%s]\n", when, text.c_str());
  std::fflush(stdout);
}

int main() {
  return fiber::run([] {
    fiber::FindingsScope scope;
    tell("nothing yet", scope.check());
    race(write_10);
    tell("one", scope.check());
    tell("asked again", scope.check());
    race(write_10);
    tell("once more", scope.check());
    const pid_t child = fork();
    if (child == 0) {
      tell("child", std::to_string(fiber::findings().reported) + fiber::finding_summary(0));
      _exit(0);
    }
    waitpid(child, nullptr, 0);
    ALL(RACE)
    const std::string text = scope.check();
    tell("many", text.substr(text.rfind('\n', text.size() - 2) + 1));
    tell("too old", fiber::finding_summary(0));
    tell("last", fiber::finding_summary(fiber::findings().reported - 1));
    tell("none", fiber::finding_summary(fiber::findings().reported));
  });
}
// CHECK: nothing yet: []
// CHECK: one: [SUMMARY: FiberSan: data race {{.*}}findings_so_far.cpp:{{[0-9]+}}:{{[0-9]+}} in write_10()
// CHECK-NEXT: {{^}}]
// CHECK: asked again: []
// CHECK: once more: [FiberSan: findings reported earlier have occurred again, {{[0-9]+}} times
// CHECK: child: [0]
// CHECK: many: [and 5 findings before these
// CHECK: too old: []
// CHECK: last: [SUMMARY: {{.*}}in write_79()]
// CHECK: none: []
// PLAIN: one: []
// PLAIN: once more: []
// PLAIN: child: [0]
// PLAIN: many: []
// PLAIN: none: []
