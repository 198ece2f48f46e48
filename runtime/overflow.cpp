// The SIGSEGV handler behind fatal.h. Everything in it is async-signal-safe: no
// allocation, no stdio.
#include <csignal>
#include <cstdlib>
#include <cstring>

#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include "runtime/fatal.h"
#include "runtime/fiber.h"
#include "runtime/park.h"

namespace fiber::internal {
namespace {

constexpr size_t kSignalStackSize = 65536;

struct sigaction previous_action;

class Line {
 public:
  Line& text(const char* text) {
    for (; *text != '\0' && length_ < sizeof(buffer_); ++text) buffer_[length_++] = *text;
    return *this;
  }
  Line& number(uint64_t value) {
    char digits[20];
    size_t count = 0;
    do {
      digits[count++] = static_cast<char>('0' + value % 10);
      value /= 10;
    } while (value != 0);
    while (count > 0 && length_ < sizeof(buffer_)) buffer_[length_++] = digits[--count];
    return *this;
  }
  void write_to_stderr() const {
    if (write(STDERR_FILENO, buffer_, length_) < 0) return;  // nothing left to try
  }

 private:
  char buffer_[512];
  size_t length_ = 0;
};

bool hits_guard(const Stack& stack, const void* address) {
  const char* byte = static_cast<const char*>(address);
  return byte >= stack.low - kGuardSize && byte < stack.low;
}

void say_overflow(const Fiber& fiber) {
  Line line;
  line.text("fatal error: stack overflow in fiber ").number(fiber.id);
  if (fiber.name != nullptr) line.text(" '").text(fiber.name).text("'");
  line.text(": its stack has ").number(fiber.stack->size());
  line.text(" bytes; raise it with FIBER_OPTIONS=stack_size=").number(2 * fiber.stack->size());
  line.text(" or FiberOptions::stack_size\n");
  line.write_to_stderr();
}

void on_fault(int signal, siginfo_t* info, void* context) {
  const Fiber* fiber = current_fiber();
  if (fiber != nullptr && hits_guard(*fiber->stack, info->si_addr)) {
    say_overflow(*fiber);
  } else if ((previous_action.sa_flags & SA_SIGINFO) != 0) {
    previous_action.sa_sigaction(signal, info, context);
    return;
  } else if (previous_action.sa_handler != SIG_DFL && previous_action.sa_handler != SIG_IGN) {
    previous_action.sa_handler(signal);
    return;
  }
  // Delivered when we return: the process ends by its signal, with a core file.
  std::signal(signal, SIG_DFL);
  raise(signal);
}

}  // namespace

void install_overflow_handler() {
  static const bool installed = [] {
    struct sigaction action = {};
    action.sa_sigaction = on_fault;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    sigemptyset(&action.sa_mask);
    return sigaction(SIGSEGV, &action, &previous_action) == 0;
  }();
  static_cast<void>(installed);
}

SignalStack::SignalStack() : memory_(nullptr) {
  stack_t current = {};
  if (sigaltstack(nullptr, &current) != 0 || (current.ss_flags & SS_DISABLE) == 0) return;
  void* memory =
      mmap(nullptr, kSignalStackSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return;
  stack_t stack = {};
  stack.ss_sp = memory;
  stack.ss_size = kSignalStackSize;
  if (sigaltstack(&stack, nullptr) == 0) {
    memory_ = memory;
  } else {
    munmap(memory, kSignalStackSize);
  }
}

SignalStack::~SignalStack() {
  if (memory_ == nullptr) return;
  stack_t none = {};
  none.ss_flags = SS_DISABLE;
  sigaltstack(&none, nullptr);
  munmap(memory_, kSignalStackSize);
}

}  // namespace fiber::internal
