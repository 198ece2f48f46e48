#include "detector/process/deadly_signals.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>

#include "detector/process/end.h"

// The C library's own, behind the names that are replaced here.
extern "C" int __sigaction(int number, const struct sigaction* action, struct sigaction* old);

namespace fibersan {
namespace {

// By their number's own effect the process dies.
constexpr int kDeadly[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTERM, SIGINT, SIGHUP};
constexpr int kFaults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL};

bool is_one_of(int number, const int* first, const int* last) {
  return std::find(first, last, number) != last;
}

void on_deadly_signal(int number, siginfo_t* info, void*) {
  const int saved = errno;
  if (is_noted_process()) print_last_line();
  struct sigaction defaults = {};
  defaults.sa_handler = SIG_DFL;
  __sigaction(number, &defaults, nullptr);
  // An instruction that faulted does so again when we return.
  const bool comes_again =
      info->si_code > 0 && is_one_of(number, std::begin(kFaults), std::end(kFaults));
  if (!comes_again) raise(number);  // delivered when we return
  errno = saved;
}

bool is_ours(const struct sigaction& action) {
  return (action.sa_flags & SA_SIGINFO) != 0 && action.sa_sigaction == on_deadly_signal;
}

struct sigaction our_action() {
  struct sigaction action = {};
  action.sa_sigaction = on_deadly_signal;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  sigemptyset(&action.sa_mask);
  return action;
}

// S1
int change_action(int number, const struct sigaction* wanted, struct sigaction* old) {
  const struct sigaction ours = our_action();
  const bool is_deadly = is_one_of(number, std::begin(kDeadly), std::end(kDeadly));
  // A one-shot handler resets itself to SIG_DFL in the kernel, behind our back.
  if (is_deadly && wanted != nullptr && wanted->sa_handler == SIG_DFL) wanted = &ours;
  const int result = __sigaction(number, wanted, old);
  if (result == 0 && old != nullptr && is_ours(*old)) {
    *old = {};
    old->sa_handler = SIG_DFL;
  }
  return result;
}

}  // namespace

void handle_deadly_signals() {
  for (int number : kDeadly) {
    struct sigaction present = {};
    if (__sigaction(number, nullptr, &present) != 0) continue;
    if ((present.sa_flags & SA_SIGINFO) != 0 || present.sa_handler != SIG_DFL) continue;
    const struct sigaction ours = our_action();
    __sigaction(number, &ours, nullptr);
  }
}

}  // namespace fibersan

extern "C" {

int sigaction(int number, const struct sigaction* action, struct sigaction* old) noexcept {
  return fibersan::change_action(number, action, old);
}

sighandler_t signal(int number, sighandler_t handler) noexcept {
  struct sigaction action = {};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  sigaddset(&action.sa_mask, number);
  struct sigaction old = {};
  if (sigaction(number, &action, &old) != 0) return SIG_ERR;
  return old.sa_handler;
}
}
