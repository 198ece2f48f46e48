#include "detector/deadlock/waiters.h"

#include <algorithm>
#include <atomic>

#include "detector/findings/describe.h"
#include "detector/history/frames.h"
#include "detector/race/held_locks.h"
#include "detector/race/objects.h"
#include "detector/report/render_text.h"
#include "detector/symbolize/trace.h"

namespace fibersan {
namespace {

constexpr const char* kReasonText[] = {
#define FSAN_WAIT_REASON(id, text) text,
#include "detector/abi/wait_reasons.def"
#undef FSAN_WAIT_REASON
};

constexpr const char* kObjectText[] = {
#define FSAN_OBJECT_KIND(id, text) text,
#include "detector/abi/object_kinds.def"
#undef FSAN_OBJECT_KIND
};

fsan_object_kind usual_object(fsan_wait_reason reason) {
  switch (reason) {
    case FSAN_WAIT_MUTEX_LOCK:
      return FSAN_OBJECT_MUTEX;
    case FSAN_WAIT_RWMUTEX_LOCK:
    case FSAN_WAIT_RWMUTEX_READ_LOCK:
      return FSAN_OBJECT_RWMUTEX;
    case FSAN_WAIT_CONDITION_WAIT:
      return FSAN_OBJECT_CONDITION;
    case FSAN_WAIT_WAITGROUP_WAIT:
      return FSAN_OBJECT_WAITGROUP;
    case FSAN_WAIT_SEMAPHORE_ACQUIRE:
      return FSAN_OBJECT_SEMAPHORE;
    case FSAN_WAIT_BARRIER_WAIT:
      return FSAN_OBJECT_BARRIER;
    case FSAN_WAIT_ONCE:
      return FSAN_OBJECT_ONCE;
    case FSAN_WAIT_JOIN:
      return FSAN_OBJECT_FIBER;
    default:
      return FSAN_OBJECT_CHANNEL;
  }
}

// acquire: what it points to. Pairs with the hook.
std::atomic<const fsan_inspector*> inspector{nullptr};

void ask_runtime(const fsan_fiber& fiber, Waiter& waiter) {
  waiter.waited = -1;
  const fsan_inspector* const ask = inspector.load(std::memory_order_acquire);
  if (ask == nullptr || !waiter.waits) return;
  waiter.waited = ask->waited(reinterpret_cast<const void*>(fiber.stack.low));
  const fsan_object_kind kind = usual_object(waiter.reason);
  for (size_t i = 0; i < std::min(waiter.count, Waiter::kAsked); ++i) {
    Waiter::State& state = waiter.states[i];
    state.known =
        waiter.objects[i] != nullptr && ask->object_state(waiter.objects[i], kind, &state.is) != 0;
  }
}

std::string state_in_words(fsan_object_kind kind, const fsan_object_state& state) {
  switch (kind) {
    case FSAN_OBJECT_CHANNEL: {
      std::string text = "unbuffered";
      if (state.capacity != 0) {
        text = "capacity " + std::to_string(state.capacity) + ", " + std::to_string(state.count) +
               " in it";
      }
      return state.closed != 0 ? text + ", closed" : text;
    }
    case FSAN_OBJECT_WAITGROUP:
      return "counter " + std::to_string(state.count);
    case FSAN_OBJECT_SEMAPHORE:
      return std::to_string(state.count) + (state.count == 1 ? " permit left" : " permits left");
    case FSAN_OBJECT_BARRIER:
      return std::to_string(state.count) + " missing";
    default:
      return "";
  }
}

struct Doing {
  bool lives = false;
  bool waits = false;
  fsan_wait_reason reason = FSAN_WAIT_SLEEP;
};

void read_doing(const fsan_fiber& fiber, void* data) {
  *static_cast<Doing*>(data) = {true, fiber.waiting.active(), fiber.waiting.reason};
}

// What keeps somebody from waking others; empty: nothing that is known.
std::string what_keeps(uint64_t id) {
  Doing doing;
  if (!is_fiber_id(id)) return "";
  visit_live_fiber(id, read_doing, &doing);
  if (!doing.lives) return "has ended";
  return doing.waits ? std::string("waits itself: ") + kReasonText[doing.reason] : "";
}

void add_why(ReportWaiters& entry, const std::string& subject, uint64_t id) {
  const std::string keeps = what_keeps(id);
  if (keeps.empty()) return;
  entry.why.push_back(subject + render_fiber(fiber_name(id)) + ", which " + keeps);
}

// Who could have woken it, and why that will not be.
void describe_others(ReportWaiters& entry, const Waiter& waiter, const Holders& holders) {
  if (waiter.waits_for != 0) add_why(entry, "waits for ", waiter.waits_for);
  for (size_t i = 0; i < waiter.count; ++i) {
    const void* const object = waiter.objects[i];
    if (object == nullptr) continue;
    const auto [first, last] = holders.equal_range(object);
    for (auto holder = first; holder != last; ++holder) add_why(entry, "held by ", holder->second);
    if (is_lock_wait(waiter.reason)) {
      if (first == last && left_locked(object))
        entry.why.emplace_back("held by a fiber that has ended");
      continue;
    }
    ObjectInfo info;
    if (find_object(object, info) && info.created != 0 && info.creator_id != waiter.id)
      add_why(entry, std::string("its ") + kObjectText[info.kind] + " was created by ",
              info.creator_id);
  }
}

void add_id(ReportWaiters& group, uint64_t id) {
  if (!group.ids.empty() && group.ids.back().last + 1 == id) {
    group.ids.back().last = id;
  } else {
    group.ids.push_back({id, id});
  }
}

void add_groups(FindingScope& scope, const std::vector<Waiter>& waiters, const Holders& holders,
                Report& report) {
  std::map<WaitPlace, size_t> groups;
  for (const Waiter& waiter : waiters) {
    auto [place, is_new] = groups.try_emplace(place_of(waiter), report.waiters.size());
    if (is_new) {
      report.waiters.push_back(describe_waiter(scope, waiter, holders));
    } else {
      ++report.waiters[place->second].count;
    }
    add_id(report.waiters[place->second], waiter.id);
  }
}

// By the fiber that has it: who waits for a fiber, waits for one that lives.
ReportObject describe_joined(FindingScope& scope, const void* join) {
  struct Search {
    const void* join;
    uint64_t id = kNoFiberId;
  } search{join};
  for_each_fiber(
      [](const fsan_fiber& fiber, void* data) {
        auto& search = *static_cast<Search*>(data);
        if (fiber.join == search.join) search.id = fiber.info->id;
      },
      &search);
  ReportObject result = describe_object(scope, join, FSAN_OBJECT_FIBER);
  const std::optional<ReportFiber> fiber = describe_fiber(scope, search.id);
  if (fiber) {
    result.created = fiber->created;
    result.creator = fiber->creator;
  }
  return result;
}

}  // namespace

Waiter read_waiter(const fsan_fiber& fiber) {
  Waiter waiter = {};
  waiter.id = fiber.info->id;
  waiter.creator_id = fiber.info->creator_id;
  waiter.created = fiber.info->created;
  waiter.waits = fiber.waiting.active();
  waiter.reason = fiber.waiting.reason;
  waiter.stack = add_stack(walk_frames(fiber.waiting.frame, fiber.waiting.pc, fiber.stack));
  waiter.count = waiter.waits ? std::min(fiber.waiting.count, Waiter::kNamed) : 0;
  std::copy_n(fiber.waiting.objects(), waiter.count, waiter.objects);
  if (waiter.waits && is_end_wait(waiter.reason)) waiter.waits_for = fiber.waiting.blocked_by;
  ask_runtime(fiber, waiter);
  return waiter;
}

WaitPlace place_of(const Waiter& waiter) {
  return {waiter.stack, waiter.created, static_cast<int>(waiter.reason)};
}

uint64_t fingerprint(fsan_finding_kind kind, std::vector<WaitPlace> places) {
  std::sort(places.begin(), places.end());
  places.erase(std::unique(places.begin(), places.end()), places.end());
  uint64_t hash = static_cast<uint64_t>(kind) + 1;
  for (const auto& [stack, created, reason] : places) {
    for (const uint64_t part : {uint64_t{stack}, uint64_t{created}, static_cast<uint64_t>(reason)})
      hash = (hash ^ part) * 0x9e3779b97f4a7c15u;
  }
  return hash;
}

ReportWaiters describe_waiter(FindingScope& scope, const Waiter& waiter, const Holders& holders) {
  ReportWaiters entry;
  entry.fiber = fiber_name(waiter.id);
  entry.reason = waiter.waits ? kReasonText[waiter.reason] : "nothing: it never ran";
  for (size_t i = 0; waiter.waits && i < waiter.count; ++i) {
    // A nil channel has no address and nothing to say beyond the reason.
    if (waiter.objects[i] == nullptr) continue;
    const fsan_object_kind kind = usual_object(waiter.reason);
    entry.objects.push_back(waiter.reason == FSAN_WAIT_JOIN
                                ? describe_joined(scope, waiter.objects[i])
                                : describe_object(scope, waiter.objects[i], kind));
    if (i < Waiter::kAsked && waiter.states[i].known)
      entry.objects.back().state = state_in_words(kind, waiter.states[i].is);
    auto [first, last] = holders.equal_range(waiter.objects[i]);
    for (; first != last; ++first) entry.holders.push_back(fiber_name(first->second));
  }
  if (waiter.waits_for != 0) entry.waits_for = fiber_name(waiter.waits_for);
  if (waiter.waits) describe_others(entry, waiter, holders);
  if (waiter.waited >= 0) entry.waited_ms = static_cast<uint64_t>(waiter.waited) / 1'000'000;
  entry.stack = make_trace(scope.symbolizer(), stack_of_id(waiter.stack));
  if (waiter.creator_id != kNoFiberId) entry.creator = fiber_name(waiter.creator_id);
  entry.created = make_trace(scope.symbolizer(), stack_of_id(waiter.created), TraceOf::kCreation);
  return entry;
}

void describe_waiters(FindingScope& scope, std::vector<Waiter> waiters, const Holders& holders,
                      Report& report, size_t listed) {
  std::sort(waiters.begin(), waiters.end(),
            [](const Waiter& a, const Waiter& b) { return a.id < b.id; });
  if (waiters.size() > listed) {
    add_groups(scope, waiters, holders, report);
  } else {
    for (const Waiter& waiter : waiters) {
      report.waiters.push_back(describe_waiter(scope, waiter, holders));
    }
  }
  if (!report.waiters.empty()) {
    report.summary = summary_frame(report.waiters[0].stack.frames);
  }
}

}  // namespace fibersan

extern "C" void __fsan_inspected_by(const fsan_inspector* inspector) {
  // release: pairs with ask_runtime(). A constant, mostly the same as before.
  fibersan::inspector.store(inspector, std::memory_order_release);
}
