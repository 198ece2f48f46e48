// misuse.cpp: the hook for wrong use of an object, at the call that does it.
#include <unistd.h>

#include <utility>

#include "detector/findings/describe.h"
#include "detector/findings/findings.h"
#include "detector/findings/other_parties.h"
#include "detector/history/frames.h"
#include "detector/race/held_locks.h"
#include "detector/race/race_found.h"
#include "detector/symbolize/trace.h"

namespace fibersan {
namespace {

fsan_object_kind usual_object(fsan_finding_kind kind) {
  switch (kind) {
    case FSAN_FINDING_DOUBLE_LOCK:
    case FSAN_FINDING_UNLOCK_OF_UNLOCKED:
    case FSAN_FINDING_UNLOCK_BY_NON_OWNER:
    case FSAN_FINDING_ENDED_HOLDING_LOCK:
    case FSAN_FINDING_LOCK_ORDER:
    case FSAN_FINDING_COPIED_OBJECT:
    case FSAN_FINDING_THREAD_LOCK_OVER_PARK:
      return FSAN_OBJECT_MUTEX;
    case FSAN_FINDING_CONDITION_WITHOUT_LOCK:
      return FSAN_OBJECT_CONDITION;
    case FSAN_FINDING_RECURSIVE_READ_LOCK:
      return FSAN_OBJECT_RWMUTEX;
    case FSAN_FINDING_NEGATIVE_WAITGROUP:
    case FSAN_FINDING_WAITGROUP_MISUSE:
    case FSAN_FINDING_WAITGROUP_REUSED:
      return FSAN_OBJECT_WAITGROUP;
    case FSAN_FINDING_DESTROYED_IN_USE:
      return FSAN_OBJECT_KIND_COUNT;
    default:
      return FSAN_OBJECT_CHANNEL;
  }
}

// Between the misuse and the unlock that follows, on one thread.
constinit thread_local bool told_of_unlock __attribute__((tls_model("initial-exec"))) = false;

// Who locks what says that it is ours already, though we never locked it, uses a lock whose bytes
// were copied while it was locked.
bool is_copy(fsan_finding_kind kind, const void* object, const fsan_fiber* fiber) {
  return kind == FSAN_FINDING_DOUBLE_LOCK && fiber != nullptr && !holds(*fiber, object) &&
         !left_locked(object) && !somebody_released_for_another();
}

uint64_t fingerprint(fsan_finding_kind kind, const Stack& stack) {
  uint64_t hash = kind + 1;
  for (uint32_t i = 0; i < stack.count; ++i) hash = (hash ^ stack.pcs[i]) * 0x9e3779b97f4a7c15u;
  return hash;
}

void report_misuse(fsan_finding_kind kind, const void* object, const fsan_fiber* fiber,
                   const Stack& stack) {
  if (!may_report()) return;
  FindingScope scope;
  if (!scope.is_new(fingerprint(kind, stack))) return;
  // A lock that somebody ended with is destroyed in use later: one mistake, one finding.
  bool first = object == nullptr || scope.is_first_about(object);
  if (kind == FSAN_FINDING_DESTROYED_IN_USE && !first) return;
  Report report;
  if (object != nullptr) {
    const bool read = fiber != nullptr && holds_for_reading(*fiber, object);
    report.object = describe_object(scope, object, read ? FSAN_OBJECT_RWMUTEX : usual_object(kind));
  }
  ReportAccess operation;
  operation.kind = ReportAccess::Kind::kOperation;
  operation.stack = make_trace(scope.symbolizer(), stack);
  operation.fiber = fiber_name(fiber == nullptr ? kMainThreadId : fiber->info->id);
  if (fiber == nullptr) {
    operation.fiber.kind = FiberName::Kind::kThread;
    operation.fiber.id = static_cast<uint64_t>(gettid());
  }
  if (fiber != nullptr)
    operation.mutexes = describe_held(scope, fiber->held_locks.all(), report.mutexes);
  add_other_parties(scope, kind, object, fiber, report);
  report.summary = summary_frame(operation.stack.frames);
  report.accesses.push_back(std::move(operation));
  if (fiber != nullptr) {
    std::optional<ReportFiber> described = describe_fiber(scope, fiber->info->id);
    if (described) report.fibers.push_back(std::move(*described));
  }
  scope.publish(kind, report);
}

}  // namespace

void report_misuse_at(fsan_finding_kind kind, const void* object, const fsan_fiber& fiber,
                      StackId stack) {
  report_misuse(kind, object, &fiber, stack_of_id(stack));
}

bool unlock_is_told_of() { return std::exchange(told_of_unlock, false); }

}  // namespace fibersan

extern "C" void __fsan_misuse(fsan_finding_kind kind, const void* object) {
  using namespace fibersan;
  const fsan_fiber* fiber = running_fiber();
  told_of_unlock =
      kind == FSAN_FINDING_UNLOCK_BY_NON_OWNER || kind == FSAN_FINDING_CONDITION_WITHOUT_LOCK;
  if (is_copy(kind, object, fiber)) kind = FSAN_FINDING_COPIED_OBJECT;
  const void* frame = __builtin_frame_address(0);
  auto pc = reinterpret_cast<uintptr_t>(__builtin_return_address(0));
  Stack stack;
  if (fiber == nullptr) {
    stack.push(pc);
  } else {
    stack = walk_frames(frame, pc, fiber->stack);
  }
  report_misuse(kind, object, fiber, stack);
}
