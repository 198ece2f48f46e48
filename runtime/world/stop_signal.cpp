#include "runtime/world/stop_signal.h"

#include "runtime/hooks.h"
#include "runtime/observe/running_stacks.h"

namespace fiber::internal {
namespace {

constinit int kept_signal = 0;  // the real-time signal that is ours for good

}  // namespace

StopSignal::StopSignal(Handler handler) {
  const hooks::OwnWork own_work;
  one_interrupter().lock();
  if (take(kUsual, handler)) return;
  if (kept_signal != 0 && take(kept_signal, handler)) return;
  for (int number = SIGRTMAX; number >= SIGRTMIN; --number) {
    if (!take(number, handler)) continue;
    kept_signal = number;
    return;
  }
}

bool StopSignal::take(int number, Handler handler) {
  if (sigaction(number, nullptr, &previous_) != 0) return false;
  const bool with_info = (previous_.sa_flags & SA_SIGINFO) != 0;
  const bool ours = with_info && previous_.sa_sigaction == handler;
  if (!ours && (with_info || previous_.sa_handler != SIG_DFL)) return false;
  struct sigaction action = {};
  action.sa_sigaction = handler;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
  sigfillset(&action.sa_mask);  // who stands still handles no other signal
  if (!ours && sigaction(number, &action, nullptr) != 0) return false;
  number_ = number;
  return true;
}

StopSignal::~StopSignal() {
  const hooks::OwnWork own_work;
  if (number_ != 0 && number_ != kept_signal) sigaction(number_, &previous_, nullptr);  // I1
  one_interrupter().unlock();
}

namespace {

sigset_t only_usual() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, StopSignal::kUsual);
  return set;
}

}  // namespace

HearsStops::HearsStops() {
  if (!hooks::listening()) return;
  const sigset_t set = only_usual();
  sigset_t before;
  was_blocked_ = pthread_sigmask(SIG_UNBLOCK, &set, &before) == 0 &&
                 sigismember(&before, StopSignal::kUsual) == 1;
}

HearsStops::~HearsStops() {
  if (!was_blocked_) return;
  const sigset_t set = only_usual();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

}  // namespace fiber::internal
