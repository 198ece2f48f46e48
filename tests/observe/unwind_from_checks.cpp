// Debuggers, profilers and handlers find the way out of a check at each of its instructions: its
// thunk and the entry behind it say where the return address is, and how far the caller's stack
// reaches. Single steps through checks with and without a context, of an address in a register and
// of an object in the frame.
//
// RUN: %fibersan -O1 %s -o %t && %run %t 2>&1 | FileCheck %s --implicit-check-not=FiberSan
// RUN: %fibersan -O0 %s -o %t.0 && %run %t.0 2>&1 | FileCheck %s --implicit-check-not=FiberSan
#include <fiber/fiber.h>
#include <signal.h>
#include <ucontext.h>
#include <unwind.h>

#include <cstdint>
#include <cstdio>

#define LOOKED_AT __attribute__((noinline, section("looked_at")))
extern "C" const char __start_looked_at[], __stop_looked_at[];

namespace {

constexpr int kMostSteps = 36;  // of a check that misses, before the detector's functions

int outside;         // steps since a check was called; 0: it has returned
std::uintptr_t top;  // of the caller's stack, then
int steps, wrong;

FIBERSAN_IGNORE bool is_looked_at(std::uintptr_t pc) {
  return pc >= reinterpret_cast<std::uintptr_t>(__start_looked_at) &&
         pc < reinterpret_cast<std::uintptr_t>(__stop_looked_at);
}

struct Walk {
  bool at_check = false;
  bool found = false;
};

FIBERSAN_IGNORE _Unwind_Reason_Code visit(_Unwind_Context* context, void* data) {
  Walk& walk = *static_cast<Walk*>(data);
  int interrupted = 0;
  const std::uintptr_t pc = _Unwind_GetIPInfo(context, &interrupted);
  if (walk.at_check) {
    walk.found = is_looked_at(pc) && _Unwind_GetCFA(context) == top;
    return _URC_END_OF_STACK;
  }
  walk.at_check = interrupted != 0;
  return _URC_NO_REASON;
}

FIBERSAN_IGNORE void on_step(int, siginfo_t*, void* data) {
  const auto& registers = static_cast<ucontext_t*>(data)->uc_mcontext.gregs;
  if (is_looked_at(static_cast<std::uintptr_t>(registers[REG_RIP]))) {
    outside = 0;
    return;
  }
  if (outside++ == 0) top = static_cast<std::uintptr_t>(registers[REG_RSP]) + 8;
  if (outside > kMostSteps) return;
  ++steps;
  Walk walk;
  _Unwind_Backtrace(visit, &walk);
  if (!walk.found) ++wrong;
}

[[clang::always_inline]] inline void begin_steps() {
  asm volatile("pushfq; orq $0x100, (%%rsp); popfq" ::: "memory", "cc");
}
[[clang::always_inline]] inline void end_steps() {
  asm volatile("pushfq; andq $~0x100, (%%rsp); popfq" ::: "memory", "cc");
}

// A context is handed on where something is called.
LOOKED_AT void fill(int* numbers, long* more) {
  *numbers = 1;
  *more = 2;
}
LOOKED_AT long leaf(const int* numbers, const char* more) {
  begin_steps();
  const long sum = *numbers + *more;
  end_steps();
  return sum;
}
LOOKED_AT long with_context() {
  int numbers[3] = {};
  long more[2] = {};
  begin_steps();
  fill(numbers, more);
  const long sum = numbers[0] + more[0];
  end_steps();
  return sum;
}

int shared_number = 3;
char shared_letter = 4;

}  // namespace

int main() {
  struct sigaction action = {};
  action.sa_sigaction = on_step;
  action.sa_flags = SA_SIGINFO;
  sigaction(SIGTRAP, &action, nullptr);
  const long sum = leaf(&shared_number, &shared_letter) + with_context();
  std::printf("%ld: %d steps outside, %d wrong\n", sum, steps, wrong);
}
// CHECK: 10: {{[1-9][0-9]+}} steps outside, 0 wrong
