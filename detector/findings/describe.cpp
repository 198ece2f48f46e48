#include "detector/findings/describe.h"

#include <algorithm>

#include "detector/history/history.h"
#include "detector/process/options.h"
#include "detector/race/objects.h"
#include "detector/symbolize/trace.h"

namespace fibersan {
namespace {

constexpr const char* kObjectText[] = {
#define FSAN_OBJECT_KIND(id, text) text,
#include "detector/abi/object_kinds.def"
#undef FSAN_OBJECT_KIND
};

Trace trace_of(FindingScope& scope, StackId id) {
  return make_trace(scope.symbolizer(), stack_of_id(id), TraceOf::kCreation);
}

}  // namespace

std::string no_longer_in_history() {
  return "stack no longer in history (history_size=" + std::to_string(options.history_size) + ")";
}

FiberName fiber_name(uint64_t id) {
  FiberName name;
  name.id = id;
  if (id == kMainThreadId) name.kind = FiberName::Kind::kMainThread;
  if (id == kNoFiberId) name.kind = FiberName::Kind::kUnknown;
  if (is_thread_id(id)) {
    name.kind = FiberName::Kind::kThread;
    name.id = id - kThreadIds;
  }
  if (const std::optional<KnownFiber> info = find_fiber(id)) name.name = info->name;
  return name;
}

uint64_t id_of(const FiberName& fiber) {
  return fiber.kind == FiberName::Kind::kThread ? kThreadIds + fiber.id : fiber.id;
}

std::optional<ReportFiber> describe_fiber(FindingScope& scope, uint64_t id) {
  if (id == kMainThreadId || id == kNoFiberId) return std::nullopt;
  const std::optional<KnownFiber> info = find_fiber(id);
  ReportFiber fiber;
  fiber.fiber = fiber_name(id);
  if (!info) {
    fiber.state = ReportFiber::State::kForgotten;
    return fiber;
  }
  fiber.state = info->finished ? ReportFiber::State::kFinished : ReportFiber::State::kRunning;
  if (info->creator_id != kNoFiberId) fiber.creator = fiber_name(info->creator_id);
  fiber.created = trace_of(scope, info->created);
  return fiber;
}

ReportObject describe_object(FindingScope& scope, const void* object, fsan_object_kind assumed) {
  ReportObject result;
  result.address = reinterpret_cast<uintptr_t>(object);
  result.kind = assumed == FSAN_OBJECT_KIND_COUNT ? "object" : kObjectText[assumed];
  ObjectInfo info;
  if (find_object(object, info)) {
    result.kind = kObjectText[info.kind];
    result.name = info.name;
    result.created = trace_of(scope, info.created);
    if (info.created != 0) result.creator = fiber_name(info.creator_id);
  }
  if (result.name.empty()) {
    // Constant-initialised objects are never announced; a global has at least a name.
    std::optional<GlobalVariable> global = scope.symbolizer().data(result.address);
    if (global) result.name = global->name;
  }
  return result;
}

std::vector<HeldMutex> describe_held(FindingScope& scope, std::span<const HeldLock> locks,
                                     std::vector<ReportMutex>& mutexes) {
  std::vector<HeldMutex> held;
  for (const HeldLock& lock : locks) {
    const auto address = reinterpret_cast<uintptr_t>(lock.lock);
    auto known = std::find_if(mutexes.begin(), mutexes.end(), [&](const ReportMutex& mutex) {
      return mutex.object.address == address;
    });
    if (known == mutexes.end()) {
      ReportMutex mutex;
      mutex.number = static_cast<unsigned>(mutexes.size()) + 1;
      mutex.object = describe_object(scope, lock.lock, FSAN_OBJECT_MUTEX);
      known = mutexes.insert(mutexes.end(), std::move(mutex));
    }
    // The call of lock() itself is what the reader looks for.
    held.push_back(
        {known->number, lock.write, make_trace(scope.symbolizer(), stack_of_id(lock.acquired))});
  }
  return held;
}

}  // namespace fibersan
