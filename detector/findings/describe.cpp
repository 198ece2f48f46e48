#include "detector/findings/describe.h"

#include <algorithm>

#include "detector/history/history.h"
#include "detector/process/main_thread.h"
#include "detector/race/attached_threads.h"
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

FiberName fiber_name(uint64_t id) {
  FiberName name;
  name.id = id;
  if (id == kMainThreadId) name.kind = FiberName::Kind::kMainThread;
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
  const std::optional<KnownFiber> info = find_fiber(id);
  if (id == kMainThreadId || !info) return std::nullopt;
  ReportFiber fiber;
  fiber.fiber = fiber_name(id);
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

std::optional<ReportLocation> describe_location(FindingScope& scope, uintptr_t address,
                                                const std::optional<HeapBlock>& block) {
  ReportLocation location;
  if (block) {
    location.kind = ReportLocation::Kind::kHeapBlock;
    location.address = block->address;
    location.size = block->size;
    location.fiber = fiber_name(block->fiber_id);
    location.allocated = trace_of(scope, block->allocated);
    return location;
  }
  if (std::optional<GlobalVariable> global = scope.symbolizer().data(address)) {
    location.kind = ReportLocation::Kind::kGlobal;
    location.address = global->address;
    location.size = global->size;
    location.global = global->name;
    location.where = global->where;
    return location;
  }
  uint64_t owner = fiber_of_stack_address(address);
  if (owner == kNoFiberId && main_thread_stack_contains(address)) owner = kMainThreadId;
  if (owner == kNoFiberId) owner = thread_of_stack_address(address);
  if (owner == kNoFiberId) return std::nullopt;
  location.kind = ReportLocation::Kind::kStack;
  location.fiber = fiber_name(owner);
  return location;
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
      mutex.locked = trace_of(scope, lock.acquired);
      known = mutexes.insert(mutexes.end(), std::move(mutex));
    }
    held.push_back({known->number, lock.write});
  }
  return held;
}

}  // namespace fibersan
