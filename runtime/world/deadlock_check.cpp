#include "runtime/world/deadlock_check.h"

#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include <algorithm>
#include <thread>

#include "fiber/debug.h"
#include "fiber/time.h"
#include "runtime/fork.h"
#include "runtime/hooks.h"
#include "runtime/monitor.h"
#include "runtime/observe/counters.h"
#include "runtime/park.h"
#include "runtime/scheduler.h"
#include "runtime/world/root_regions.h"
#include "runtime/world/stop_signal.h"

namespace fiber {
namespace internal {

[[clang::no_destroy]] constinit DeadlockChecks deadlock_checks;

namespace {

using std::chrono::milliseconds;

constexpr Clock::duration kShortWait = milliseconds(50);
// Between two questions how far the search of a copy is.
constexpr Clock::duration kLongestNap = milliseconds(10);

// A lock of the system that is the runtime's own business.
class OwnGuard {
 public:
  explicit OwnGuard(std::mutex& mutex) : mutex_(mutex) {
    const hooks::OwnWork own_work;
    mutex_.lock();
  }
  ~OwnGuard() {
    const hooks::OwnWork own_work;
    mutex_.unlock();
  }
  OwnGuard(const OwnGuard&) = delete;
  OwnGuard& operator=(const OwnGuard&) = delete;

 private:
  std::mutex& mutex_;
};

// What is read while the world stands still is whole: nobody was stopped in the middle of it.
class QuietState {
 public:
  QuietState() FIBER_NO_THREAD_SAFETY_ANALYSIS {
    root_regions.lock();
    scheduler.timers.lock_all();
  }
  ~QuietState() FIBER_NO_THREAD_SAFETY_ANALYSIS {
    scheduler.timers.unlock_all();
    root_regions.unlock();
  }
  QuietState(const QuietState&) = delete;
  QuietState& operator=(const QuietState&) = delete;
};

// The calling fiber, or the thread when it runs none.
void sleep_for_this(Clock::duration time) {
  if (current_fiber() != nullptr) {
    sleep_for(time);
  } else {
    std::this_thread::sleep_for(time);
  }
}

}  // namespace

void DeadlockChecks::run_begins() {
  if (!hooks::listening()) return;
  period_ = milliseconds(__fsan_deadlock_check_ms());
  next_look_ = last_look_ = Clock::now();
  next_look_ += period_;
  last_live_ = 0;
  second_look_ = own_copy_ = false;
  all_well_ = 0;
  run_is_on_.store(true, std::memory_order_relaxed);
}

void DeadlockChecks::run_ends() {
  if (!run_is_on_.load(std::memory_order_relaxed)) return;
  static_cast<void>(look_patiently(/*run_is_over=*/true));
  const OwnGuard guard(looking_);
  drop_copy();
  run_is_on_.store(false, std::memory_order_relaxed);
}

size_t DeadlockChecks::check() {
  if (!hooks::listening() || in_forked_child()) return 0;
  if (look_patiently(/*run_is_over=*/false) != 0) {
    sleep_for_this(kBetweenLooks);
    static_cast<void>(look_patiently(/*run_is_over=*/false));
  }
  return found_.load(std::memory_order_relaxed);
}

size_t DeadlockChecks::look_patiently(bool run_is_over) {
  constexpr int kAttempts = 4;
  for (int attempt = 1;; ++attempt) {
    if (!run_is_over) static_cast<void>(wait_for_copy());  // of an earlier look
    Answer answer = look({.run_is_over = run_is_over});
    if (answer.kind == Answer::kCopySearches) answer = wait_for_copy();
    if (answer.kind == Answer::kKnown || attempt == kAttempts) return answer.suspects;
    sleep_for_this(attempt * milliseconds(50));
  }
}

DeadlockChecks::Answer DeadlockChecks::wait_for_copy() {
  Clock::duration pause = milliseconds(1);
  for (;;) {
    const Answer answer = ask_copy();
    if (answer.kind != Answer::kCopySearches) return answer;
    sleep_for_this(pause);
    pause = std::min<Clock::duration>(2 * pause, kLongestNap);
  }
}

std::optional<size_t> DeadlockChecks::report_leaks(const Leaks& leaks) {
  const Answer answer = look({.leaks = &leaks});
  if (answer.kind == Answer::kKnown) return answer.suspects;
  return std::nullopt;
}

Clock::time_point DeadlockChecks::look_if_due(Clock::time_point now) {
  if (!run_is_on_.load(std::memory_order_relaxed) || period_ == Clock::duration::zero())
    return Clock::time_point::max();
  Answer answer;
  bool has_grown = false;
  if (own_copy_) {
    answer = ask_copy();
  } else if (now < next_look_ && !(has_grown = grown(now))) {
    return next_look_;
  } else {
    answer = look({.patience = Patience::kShort, .at_least = std::min(kShortWait, period_ / 2)});
  }
  own_copy_ = answer.kind == Answer::kCopySearches;
  if (own_copy_) return Clock::now() + kLongestNap;
  last_look_ = Clock::now();
  second_look_ = !second_look_ && answer.suspects != 0;
  const bool well = answer.suspects == 0 && !has_grown && live_ >= kManyFibers;
  all_well_ = well ? std::min(all_well_ + 1, kMostDoublings) : 0;
  const Clock::duration pause = second_look_ ? kBetweenLooks : period_;
  next_look_ = last_look_ + std::max(pause, rest());
  return next_look_;
}

Clock::duration DeadlockChecks::rest() const {
  // Relaxed: numbers by themselves.
  const std::chrono::nanoseconds pause(last_pause_.load(std::memory_order_relaxed));
  const std::chrono::nanoseconds search(last_search_.load(std::memory_order_relaxed));
  const Clock::duration least =
      std::max<Clock::duration>(kShare * pause, second_look_ ? search : kCopyShare * search);
  return std::max(least, std::min<Clock::duration>(least * (1 << all_well_), kLongestRest));
}

// Many more fibers than there were: a leak should not wait for the next period.
bool DeadlockChecks::grown(Clock::time_point now) {
  constexpr uint64_t kFew = 100;
  if (second_look_ || now - last_look_ < std::max<Clock::duration>(milliseconds(20), rest()))
    return false;
  const uint64_t live = stats().fibers_waiting;
  if (live <= kFew || live < 2 * last_live_) return false;
  last_live_ = live;
  return true;
}

// Registers that belong to our callers are in the context, or at the top of our own frame.
__attribute__((noinline)) DeadlockChecks::Answer DeadlockChecks::look(const Question& question) {
  const OwnGuard guard(looking_);
  if (!run_is_on_.load(std::memory_order_relaxed)) return {};
  if (question.run_is_over) drop_copy();
  if (copy_searches_ && question.leaks == nullptr) return ask_copy_locked(question.patience);
  // Coarse clocks are late: in doubt everybody counts.
  const bool all = question.at_least == Clock::duration::zero();
  since_ = all ? Clock::time_point::max() : Clock::now() - question.at_least;
  if (!Picture::anybody_waits(since_)) return {};
  live_ = stats().fibers_live;
  const OwnGuard monitor_held(monitor.looks());
  ucontext_t context;
  getcontext(&context);
  constexpr ptrdiff_t kSavedRegisters = 64;
  const OwnPlace own = {{&context, &context + 1},
                        static_cast<char*>(__builtin_frame_address(0)) - kSavedRegisters};
  const StopSignal signal(&Stop::on_signal);
  count(Counter::kDeadlockChecks);
  __fsan_world_stops();
  Answer answer = {Answer::kGivenUp};
  if (signal.number() != 0 && picture_.prepare())
    answer = look_standing(question, signal.number(), own);
  if (answer.kind == Answer::kGivenUp) count(Counter::kDeadlockChecksGivenUp);
  const size_t found = __fsan_world_moves_again();
  if (question.leaks != nullptr) return {answer.kind, found};
  found_.fetch_add(found, std::memory_order_relaxed);
  if (answer.kind == Answer::kKnown) last_search_.store(0, std::memory_order_relaxed);
  if (answer.kind == Answer::kCopySearches) {
    count(Counter::kDeadlockChecksCopied);
    copy_searches_ = true;
    copied_ = Clock::now();
  }
  return answer;
}

DeadlockChecks::Answer DeadlockChecks::look_standing(const Question& question, int signal,
                                                     const OwnPlace& own) {
  const QuietState quiet;
  Answer answer = {Answer::kGivenUp};
  const Clock::time_point begun = Clock::now();
  if (stop_.stop(signal, question.patience)) {
    bool drawn = true;
    const size_t suspects = search_standing(question, own, drawn);
    if (suspects == FSAN_WORLD_COPIED) {
      answer = {Answer::kCopySearches};
    } else if (drawn) {
      answer = {Answer::kKnown, suspects};
    }
    stop_.go_on();
  }
  note_pause(begun);
  return answer;
}

bool DeadlockChecks::Here::worth_a_try() {
  if (looks_left_out_ == 0) return true;
  --looks_left_out_;
  return false;
}

void DeadlockChecks::Here::tried(bool well) {
  constexpr unsigned kMost = 16;
  failure_ = well ? 0 : std::clamp(2 * failure_, 1U, kMost);
  looks_left_out_ = failure_;
}

// Returns in the process, not in a copy of it.
size_t DeadlockChecks::search_standing(const Question& question, const OwnPlace& own, bool& drawn) {
  const bool must_be_here = question.leaks != nullptr || question.run_is_over;
  const bool many = !must_be_here && live_ >= kManyFibers;
  picture_.ask_kernel();
  const int process =
      many && !here_.worth_a_try() ? __fsan_world_copied(picture_.most_fibers()) : 0;
  const bool is_copy = process != 0 && process != static_cast<int>(syscall(SYS_getpid));
  if (process != 0 && !is_copy) return FSAN_WORLD_COPIED;
  drawn = picture_.draw(stop_, own, since_, question.run_is_over);
  if (!drawn) return is_copy ? __fsan_world_stopped(nullptr) : 0;
  fsan_world world = picture_.world();
  if (question.leaks != nullptr) {
    world.leak_scope = question.leaks->scope;
    world.leaks = question.leaks->waits.data();
    world.leak_count = question.leaks->waits.size();
  }
  const size_t suspects = __fsan_world_stopped(&world);
  if (many) here_.tried(suspects != FSAN_WORLD_COPIED);
  return suspects;
}

void DeadlockChecks::note_pause(Clock::time_point begun) {
  const int64_t pause = (Clock::now() - begun).count();
  last_pause_.store(pause, std::memory_order_relaxed);
  pauses_.record(static_cast<uint64_t>(pause));
}

// --- the search of a copy ---

DeadlockChecks::Answer DeadlockChecks::ask_copy() {
  const OwnGuard guard(looking_);
  return ask_copy_locked(Patience::kLong);
}

DeadlockChecks::Answer DeadlockChecks::ask_copy_locked(Patience patience) {
  if (!copy_searches_) return {Answer::kKnown, last_suspects_};
  size_t suspects = 0;
  size_t to_read = 0;
  const int search = __fsan_copy_searched(&suspects, &to_read);
  if (search == FSAN_SEARCH_ON) return {Answer::kCopySearches};
  copy_searches_ = false;
  last_search_.store((Clock::now() - copied_).count(), std::memory_order_relaxed);
  const bool known = search == FSAN_SEARCH_DONE && read_dead(to_read, patience);
  found_.fetch_add(__fsan_world_moves_again(), std::memory_order_relaxed);
  if (!known) count(Counter::kDeadlockChecksGivenUp);
  last_suspects_ = suspects;
  return {known ? Answer::kKnown : Answer::kGivenUp, suspects};
}

void DeadlockChecks::drop_copy() {
  __fsan_copy_dropped();
  copy_searches_ = false;
}

// What findings say of fibers is read where they cannot move, some at a time. False: a thread did
// not answer.
bool DeadlockChecks::read_dead(size_t count, Patience patience) {
  while (count != 0) {
    const OwnGuard monitor_held(monitor.looks());
    const StopSignal signal(&Stop::on_signal);
    const Clock::time_point begun = Clock::now();
    if (signal.number() == 0 || !stop_.stop(signal.number(), patience)) return false;
    count = __fsan_dead_read();
    stop_.go_on();
    note_pause(begun);
  }
  return true;
}

}  // namespace internal

std::size_t deadlock::check() { return internal::deadlock_checks.check(); }

}  // namespace fiber
