#include "detector/process/signals.h"

#include <errno.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include <atomic>

#include "detector/clock/signal_delay.h"
#include "detector/heap/inside_detector.h"
#include "detector/race/interruptions.h"
#include "detector/race/thread.h"

// The C library's own, behind the names that are replaced here.
extern "C" int __sigaction(int number, const struct sigaction* action, struct sigaction* old);

namespace fibersan {
namespace {

constexpr int kSignals = 65;

// relaxed everywhere: whoever changes an action while its signal comes may get either.
struct Action {
  std::atomic<SignalHandler> handler{nullptr};
  std::atomic<int> flags{0};  // the program's
};
constinit Action actions[kSignals];
constinit std::atomic<SignalHandler> in_place_of_default[kSignals] = {};

constexpr int kOwnFlags = SA_SIGINFO | SA_RESETHAND;  // not as the program has them

constexpr uint64_t bit(int number) { return uint64_t{1} << (number - 1); }
// As the kernel has them; 32 and 33 are the C library's.
constexpr uint64_t kCanWait = ~(bit(SIGSEGV) | bit(SIGBUS) | bit(SIGFPE) | bit(SIGILL) |
                                bit(SIGTRAP) | bit(SIGSYS) | bit(32) | bit(33));

// False: the kernel does not take it.
bool delay(int number, siginfo_t* info, ucontext_t& interrupted) {
  const uint64_t blocked = kCanWait;
  syscall(SYS_rt_sigprocmask, SIG_BLOCK, &blocked, nullptr, sizeof blocked);
  // Of the ucontext_t the kernel has so much only.
  auto& mask = *reinterpret_cast<uint64_t*>(&interrupted.uc_sigmask);
  const bool taken = syscall(SYS_rt_tgsigqueueinfo, getpid(), gettid(), number, info) == 0;
  // Another one that came within this handler has been here: the mask is that of the outermost.
  if (!taken && !signal_delay.delayed) return false;
  signal_delay.mask_before = mask;
  signal_delay.delayed = true;
  mask |= kCanWait;
  return taken;
}

// S4
class InNameOfProgram {
 public:
  InNameOfProgram() {
    inside_detector_depth = 0;
    this_thread.own_work_depth = 0;
  }
  ~InNameOfProgram() {
    inside_detector_depth = inside_detector_;
    this_thread.own_work_depth = own_work_;
  }
  InNameOfProgram(const InNameOfProgram&) = delete;
  InNameOfProgram& operator=(const InNameOfProgram&) = delete;

 private:
  const unsigned inside_detector_ = inside_detector_depth;
  const unsigned own_work_ = this_thread.own_work_depth;
};

void deliver(int number, siginfo_t* info, void* context) {
  const bool can_wait = (kCanWait & bit(number)) != 0 || !is_fault(number, *info);  // S2
  if (__builtin_expect(signal_delay.depth != 0, 0) && can_wait) {
    const int saved = errno;
    const bool delayed = delay(number, info, *static_cast<ucontext_t*>(context));
    errno = saved;
    if (delayed) return;
  }
  Action& action = actions[number];
  const SignalHandler handler = action.handler.load(std::memory_order_relaxed);
  if ((action.flags.load(std::memory_order_relaxed) & SA_RESETHAND) != 0) {
    struct sigaction defaults = {};
    defaults.sa_handler = SIG_DFL;
    sigaction(number, &defaults, nullptr);  // S3
  }
  ++interruptions.all;
  if (__builtin_expect(signal_delay.depth != 0, 0)) return handler(number, info, context);
  const InNameOfProgram scope;
  handler(number, info, context);
}

bool is_ours(const struct sigaction& action) {
  return (action.sa_flags & SA_SIGINFO) != 0 && action.sa_sigaction == deliver;
}

// What the kernel has, as the program has it.
void translate(struct sigaction& action, SignalHandler handler, int flags, bool is_default) {
  if (!is_ours(action)) return;
  if (is_default) {
    action = {};
    action.sa_handler = SIG_DFL;
    return;
  }
  action.sa_sigaction = handler;
  action.sa_flags = (action.sa_flags & ~kOwnFlags) | (flags & kOwnFlags);
}

struct sigaction action_in_place_of_default(SignalHandler handler) {
  struct sigaction action = {};
  action.sa_sigaction = handler;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  sigemptyset(&action.sa_mask);
  return action;
}

int install(int number, const struct sigaction& wanted, struct sigaction* old) {
  struct sigaction ours = wanted;
  ours.sa_sigaction = deliver;
  ours.sa_flags = (wanted.sa_flags & ~kOwnFlags) | SA_SIGINFO;
  Action& action = actions[number];
  action.flags.store(wanted.sa_flags, std::memory_order_relaxed);
  // In one union with sa_handler, which gets more arguments than it looks at.
  action.handler.store(wanted.sa_sigaction, std::memory_order_relaxed);
  return __sigaction(number, &ours, old);
}

int change_action(int number, const struct sigaction* wanted, struct sigaction* old) {
  if (number <= 0 || number >= kSignals) return __sigaction(number, wanted, old);
  const SignalHandler handler = actions[number].handler.load(std::memory_order_relaxed);
  const int flags = actions[number].flags.load(std::memory_order_relaxed);
  const SignalHandler at_default = in_place_of_default[number].load(std::memory_order_relaxed);
  const bool to_default = wanted != nullptr && wanted->sa_handler == SIG_DFL;
  int result;
  if (to_default && at_default != nullptr) {
    result = install(number, action_in_place_of_default(at_default), old);  // S1
  } else if (wanted == nullptr || to_default || wanted->sa_handler == SIG_IGN) {
    result = __sigaction(number, wanted, old);
  } else {
    result = install(number, *wanted, old);
  }
  if (result == 0 && old != nullptr) translate(*old, handler, flags, handler == at_default);
  return result;
}

}  // namespace

bool is_fault(int number, const siginfo_t& info) {
  return info.si_code > 0 &&
         (number == SIGSEGV || number == SIGBUS || number == SIGFPE || number == SIGILL);
}

void handle_in_place_of_default(int number, SignalHandler handler) {
  in_place_of_default[number].store(handler, std::memory_order_relaxed);
  struct sigaction present = {};
  if (__sigaction(number, nullptr, &present) != 0) return;
  if ((present.sa_flags & SA_SIGINFO) != 0 || present.sa_handler != SIG_DFL) return;
  install(number, action_in_place_of_default(handler), nullptr);
}

void set_system_default(int number) {
  struct sigaction defaults = {};
  defaults.sa_handler = SIG_DFL;
  __sigaction(number, &defaults, nullptr);
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
