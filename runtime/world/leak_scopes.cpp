#include "runtime/world/leak_scopes.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <optional>

#include "fiber/error.h"
#include "fiber/leak_scope.h"
#include "fiber/time.h"
#include "runtime/fiber.h"
#include "runtime/fork.h"
#include "runtime/hooks.h"
#include "runtime/observe/fiber_snapshot.h"
#include "runtime/observe/wait_reason.h"
#include "runtime/park.h"
#include "runtime/stack_pool.h"
#include "runtime/timers.h"
#include "runtime/world/deadlock_check.h"

namespace fiber {
namespace internal {

[[clang::no_destroy]] constinit LeakScopes leak_scopes;

namespace {

constinit thread_local uint32_t scope_of_thread = 0;

// The record may change under our eyes: a fiber counts when nothing has, between two looks at it.
#define FIBER_READS_WHAT_CHANGES __attribute__((no_sanitize("address", "thread")))

struct Seen {
  bool lives = false;
  bool moves = false;  // runs, or may at once: whom it wakes is not known yet
  bool waits = false;  // for another fiber, without a time-out
  fsan_leak wait{};
};

FIBER_READS_WHAT_CHANGES bool waits_for_others(const Fiber& fiber) {
  return !fiber.wait_is_timed && fiber.reason != FSAN_WAIT_SLEEP &&
         fiber.reason != FSAN_WAIT_IO_WAIT && fiber.reason != FSAN_WAIT_BLOCKING_CALL &&
         fiber.reason != FSAN_WAIT_REASON_COUNT;
}

FIBER_READS_WHAT_CHANGES Seen look_at(const Fiber& fiber) {
  Seen seen;
  const FiberState state = fiber.state.peek();
  seen.lives = state != FiberState::kIdle && state != FiberState::kStopped;
  seen.moves = state == FiberState::kRunnable || state == FiberState::kRunning ||
               state == FiberState::kParking || state == FiberState::kWoken;
  seen.wait = {fiber.id, fiber.waits};
  seen.waits = state == FiberState::kParked && waits_for_others(fiber);
  // acquire: the reads above come before this one.
  std::atomic_thread_fence(std::memory_order_acquire);
  if (fiber.state.peek() != state || fiber.id != seen.wait.id || fiber.waits != seen.wait.wait)
    seen.waits = false;
  return seen;
}

bool is_before(const fsan_leak& a, const fsan_leak& b) {
  return a.id != b.id ? a.id < b.id : a.wait < b.wait;
}

std::vector<fsan_leak> common(const std::vector<fsan_leak>& a, const std::vector<fsan_leak>& b) {
  std::vector<fsan_leak> both;
  std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(both),
                        is_before);
  return both;
}

}  // namespace

// One look at a scope's fibers, those of inner scopes included.
class ScopeFibers {
 public:
  explicit ScopeFibers(const LeakScopeState& scope) {
    {
      SpinGuard guard(leak_scopes.lock_);
      numbers_.push_back(scope.number);
      // An inner scope is younger.
      for (const LeakScopeState* other : leak_scopes.scopes_)
        if (contains(other->outer)) numbers_.push_back(other->number);
    }
    stack_pool().for_each(
        [](Stack* stack, void* self) { static_cast<ScopeFibers*>(self)->add(*Fiber::at(stack)); },
        this);
    std::sort(waiting.begin(), waiting.end(), is_before);
  }

  std::vector<fsan_leak> waiting;  // for other fibers
  size_t living = 0;
  bool others_move = false;  // of all fibers, but for the one that looks

 private:
  [[nodiscard]] bool contains(uint32_t number) const {
    return std::find(numbers_.begin(), numbers_.end(), number) != numbers_.end();
  }
  void add(const Fiber& fiber) {
    if (&fiber == current_fiber()) return;  // the owner, or main in a scope around run()
    const Seen seen = look_at(fiber);
    others_move |= seen.moves;
    // relaxed: what the fiber was created with, or what the end of a scope made of it.
    const uint32_t number = fiber.leak_scope.load(std::memory_order_relaxed);
    if (number == 0 || !contains(number) || !seen.lives) return;
    ++living;
    if (seen.waits) waiting.push_back(seen.wait);
  }

  std::vector<uint32_t> numbers_;
};

namespace {

// S2. Returns early when nobody is left of whom nothing has been told. Where processors are few a
// fiber that could wake others may have to wait for one longer than the grace.
std::vector<fsan_leak> leaks_after_grace(const LeakScopeState& scope) {
  constexpr auto kStep = std::chrono::milliseconds(1);
  constexpr int kMostGraces = 10;  // somebody may always be on the move
  const auto begun = Clock::now();
  for (int graces = 1;; graces = kMostGraces) {
    std::optional<std::vector<fsan_leak>> half;
    Clock::duration half_at{};
    for (;;) {
      ScopeFibers now(scope);
      const std::vector<fsan_leak> told = common(now.waiting, scope.told);
      if (now.living == told.size()) return told;
      const auto passed = Clock::now() - begun;
      if (!half && 2 * passed >= graces * scope.grace) {
        half = now.waiting;
        half_at = passed;
      }
      if (half && 2 * (passed - half_at) >= graces * scope.grace) {
        if (now.others_move && graces < kMostGraces) break;
        return common(*half, now.waiting);
      }
      sleep_for(kStep);
    }
  }
}

void print_leaks(const LeakScopeState& scope, const std::vector<fsan_leak>& leaks) {
  std::fprintf(stderr, "fiber leak: %zu %s still blocked at the end of scope '%s'\n", leaks.size(),
               leaks.size() == 1 ? "fiber is" : "fibers are", scope.name.c_str());
  struct Print {
    const std::vector<fsan_leak>& leaks;
    FiberSnapshot snapshot;
  } print{leaks, {}};
  stack_pool().for_each(
      [](Stack* stack, void* argument) {
        auto& [wanted, snapshot] = *static_cast<Print*>(argument);
        const Seen seen = look_at(*Fiber::at(stack));
        if (!seen.waits || !std::binary_search(wanted.begin(), wanted.end(), seen.wait, is_before))
          return;
        if (!snapshot_fiber(stack, snapshot) || snapshot.id != seen.wait.id) return;
        const bool named = snapshot.name[0] != '\0';
        std::fprintf(stderr, "  fiber %llu%s%s%s waits: %s; created by fiber %llu\n",
                     static_cast<unsigned long long>(snapshot.id), named ? " '" : "", snapshot.name,
                     named ? "'" : "", wait_reason_text(snapshot.reason),
                     static_cast<unsigned long long>(snapshot.creator_id));
      },
      &print);
}

size_t report(const LeakScopeState& scope, const std::vector<fsan_leak>& leaks) {
  constexpr int kTries = 3;
  for (int i = 0; hooks::listening() && i < kTries; ++i) {
    const std::optional<size_t> count = deadlock_checks.report_leaks({scope.name.c_str(), leaks});
    if (count) return *count;
  }
  print_leaks(scope, leaks);
  return leaks.size();
}

bool is_owner(const LeakScopeState& scope) {
  const Fiber* const fiber = current_fiber();
  return scope.owner == (fiber == nullptr ? 0 : fiber->id);
}

// On a fiber's stack.
void check_now(LeakScopeState& scope) {
  if (!hooks::listening()) return;  // a plain build notes neither time-outs nor waits
  const std::vector<fsan_leak> leaks = leaks_after_grace(scope);
  if (leaks.empty()) {
    scope.leaks = 0;
  } else if (common(leaks, scope.told).size() != leaks.size() ||
             leaks.size() != scope.told.size()) {
    scope.leaks = report(scope, leaks);
  }
  scope.told = leaks;
}

}  // namespace

uint32_t LeakScopes::of_this_thread() { return scope_of_thread; }

void LeakScopes::begin(LeakScopeState& scope) {
  Fiber* const fiber = current_fiber();
  scope.owner = fiber == nullptr ? 0 : fiber->id;
  // relaxed: the fiber's own.
  scope.outer =
      fiber == nullptr ? scope_of_thread : fiber->leak_scope.load(std::memory_order_relaxed);
  {
    SpinGuard guard(lock_);
    do ++last_;
    while (last_ == 0);  // S1
    scope.number = last_;
    scopes_.push_back(&scope);
  }
  if (fiber == nullptr) {
    scope_of_thread = scope.number;
  } else {
    fiber->leak_scope.store(scope.number, std::memory_order_relaxed);
  }
}

void LeakScopes::end(LeakScopeState& scope) {
  {
    SpinGuard guard(lock_);
    scopes_.erase(std::find(scopes_.begin(), scopes_.end(), &scope));
  }
  if (scope.owner == 0) scope_of_thread = scope.outer;
  stack_pool().for_each(
      [](Stack* stack, void* argument) {
        const auto& ended = *static_cast<const LeakScopeState*>(argument);
        Fiber& fiber = *Fiber::at(stack);
        uint32_t number = ended.number;
        // relaxed, all three: a number by itself.
        if (fiber.leak_scope.load(std::memory_order_relaxed) != number) return;
        const Seen seen = look_at(fiber);
        const bool told =
            std::binary_search(ended.told.begin(), ended.told.end(), seen.wait, is_before);
        fiber.leak_scope.compare_exchange_strong(number, told ? 0 : ended.outer,
                                                 std::memory_order_relaxed);
      },
      &scope);
}

size_t LeakScopes::check(LeakScopeState& scope) {
  if (!is_owner(scope))
    throw Error("LeakScope: check() by another fiber or thread than the one that made it");
  if (scope.owner != 0 && !in_forked_child()) check_now(scope);
  return scope.leaks;
}

void LeakScopes::main_returns() {
  const Fiber* const fiber = current_fiber();
  // relaxed: the fiber's own.
  const uint32_t number = fiber->leak_scope.load(std::memory_order_relaxed);
  if (number == 0 || in_forked_child()) return;
  LeakScopeState* scope = nullptr;
  {
    SpinGuard guard(lock_);
    for (LeakScopeState* one : scopes_)
      if (one->number == number) scope = one;  // the thread waits in run()
  }
  if (scope == nullptr) return;
  const size_t before = scope->leaks;
  scope->told.clear();
  check_now(*scope);
  scope->leaks += before;
}

}  // namespace internal

LeakScope::LeakScope(std::string_view name, std::chrono::milliseconds grace)
    : state_(std::make_unique<internal::LeakScopeState>()) {
  state_->name = name;
  state_->grace = grace;
  internal::leak_scopes.begin(*state_);
}

LeakScope::~LeakScope() {
  if (internal::is_owner(*state_)) static_cast<void>(check());
  internal::leak_scopes.end(*state_);
}

std::size_t LeakScope::check() { return internal::LeakScopes::check(*state_); }

}  // namespace fiber
