#include "runtime/observe/running_stacks.h"

#include <sched.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <mutex>

#include "runtime/fiber.h"
#include "runtime/hooks.h"
#include "runtime/park.h"
#include "runtime/stack_walk.h"
#include "runtime/timers.h"

namespace fiber::internal {
namespace {

constexpr int kSignal = SIGURG;
constexpr size_t kMostAddresses = 64;

enum class Phase : uint32_t { kNone, kAsked, kAnswering, kAnswered };

struct Request {
  std::atomic<Phase> phase{Phase::kNone};
  std::atomic<pid_t> thread{0};
  uint64_t fiber_id = 0;
  size_t count = 0;
  void* addresses[kMostAddresses];
};
constinit Request request{};
struct sigaction previous_action;

struct Registers {
  const void* pc;
  const void* sp;
  const void* frame;
};

Registers registers_of(const ucontext_t& context) {
#if defined(__x86_64__)
  const auto& saved = context.uc_mcontext.gregs;
  return {reinterpret_cast<void*>(saved[REG_RIP]), reinterpret_cast<void*>(saved[REG_RSP]),
          reinterpret_cast<void*>(saved[REG_RBP])};
#elif defined(__aarch64__)
  const auto& saved = context.uc_mcontext;
  return {reinterpret_cast<void*>(saved.pc), reinterpret_cast<void*>(saved.sp),
          reinterpret_cast<void*>(saved.regs[29])};
#endif
}

size_t walk_interrupted(const Fiber& fiber, const Registers& at, void** addresses) {
  const char* sp = static_cast<const char*>(at.sp);
  if (sp < fiber.stack->low || sp >= fiber.stack->high()) return 0;  // between two fibers
  // describe_address() takes return addresses and looks one byte in front of them.
  addresses[0] = const_cast<char*>(static_cast<const char*>(at.pc)) + 1;
  return 1 + walk_frames(at.frame, at.sp, fiber.stack->high(), addresses + 1, kMostAddresses - 1);
}

void on_signal(int, siginfo_t*, void* context) {
  const int saved_errno = errno;
  if (hooks::listening()) __fsan_thread_interrupted();
  Phase asked = Phase::kAsked;
  // acquire [A1]: the request. Pairs with [R1]. Fails for who comes late (I2).
  // Relaxed: the phase decides.
  if (request.thread.load(std::memory_order_relaxed) == static_cast<pid_t>(syscall(SYS_gettid)) &&
      request.phase.compare_exchange_strong(asked, Phase::kAnswering, std::memory_order_acquire,
                                            std::memory_order_relaxed)) {
    const Fiber* fiber = current_fiber();
    request.count = fiber == nullptr || fiber->id != request.fiber_id
                        ? 0
                        : walk_interrupted(*fiber, registers_of(*static_cast<ucontext_t*>(context)),
                                           request.addresses);
    // release [R2]: the answer. Pairs with [A2].
    request.phase.store(Phase::kAnswered, std::memory_order_release);
  }
  errno = saved_errno;
}

// False: it did not come, and will not write any more.
bool wait_for_answer() {
  const Clock::time_point limit = Clock::now() + RunningStacks::kPatience;
  for (;;) {
    // acquire [A2].
    if (request.phase.load(std::memory_order_acquire) == Phase::kAnswered) return true;
    if (Clock::now() >= limit) {
      Phase asked = Phase::kAsked;
      if (request.phase.compare_exchange_strong(asked, Phase::kNone, std::memory_order_acquire,
                                                std::memory_order_relaxed))
        return false;
    }
    sched_yield();
  }
}

}  // namespace

// A dump is rare and may take long: no spin lock.
std::mutex& one_interrupter() {
  [[clang::no_destroy]] static constinit std::mutex mutex;
  return mutex;
}

RunningStacks::RunningStacks() {
  const hooks::OwnWork own_work;
  one_interrupter().lock();
  struct sigaction action = {};
  if (sigaction(kSignal, nullptr, &previous_action) != 0) return;
  if ((previous_action.sa_flags & SA_SIGINFO) != 0 || previous_action.sa_handler != SIG_DFL) return;
  action.sa_sigaction = on_signal;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
  sigemptyset(&action.sa_mask);
  installed_ = sigaction(kSignal, &action, nullptr) == 0;
}

RunningStacks::~RunningStacks() {
  const hooks::OwnWork own_work;
  if (installed_) sigaction(kSignal, &previous_action, nullptr);
  one_interrupter().unlock();
}

size_t RunningStacks::read(pid_t thread, uint64_t fiber_id, void** addresses, size_t most) {
  if (!installed_ || thread == 0) return 0;
  request.thread.store(thread, std::memory_order_relaxed);
  request.fiber_id = fiber_id;
  // release [R1]: the request. Pairs with [A1].
  request.phase.store(Phase::kAsked, std::memory_order_release);
  if (syscall(SYS_tgkill, getpid(), thread, kSignal) != 0 || !wait_for_answer()) {
    request.phase.store(Phase::kNone, std::memory_order_relaxed);
    return 0;
  }
  const size_t count = std::min(request.count, most);
  std::copy_n(request.addresses, count, addresses);
  return count;
}

}  // namespace fiber::internal
