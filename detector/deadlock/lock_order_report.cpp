// lock_order_report.cpp: from cycles of locks to Reports.
//
// Cost:     symbolization for each cycle of new stacks.
#include <algorithm>

#include "detector/deadlock/lock_cycle.h"
#include "detector/findings/describe.h"
#include "detector/findings/findings.h"
#include "detector/process/options.h"
#include "detector/symbolize/trace.h"

namespace fibersan {
namespace {

uint64_t hash_of(StackId id) {
  const Stack stack = stack_of_id(id);
  uint64_t hash = stack.count;
  for (uint32_t i = 0; i < stack.count; ++i) hash = (hash ^ stack.pcs[i]) * 0x9e3779b97f4a7c15u;
  return hash ^ hash >> 32;
}

// By its stacks, wherever it begins: mutexes of many objects, taken by the same code, are one
// finding.
uint64_t fingerprint(LockCycle& cycle) {
  uint64_t sum = FSAN_FINDING_LOCK_ORDER;
  for (const LockCycleStep& step : cycle.steps())
    sum += (hash_of(step.held_at) * 3 + hash_of(step.taken_at)) * 0xd6e8feb86659fd93u;
  return sum;
}

unsigned number_of(FindingScope& scope, const void* lock, Report& report) {
  const HeldLock alone[] = {{lock, 0, true}};
  return describe_held(scope, alone, report.mutexes).front().number;
}

// Down to the program's own innermost frame. False: there are no more, or without names nobody
// knows which one that is.
bool hide_outer(Trace& trace) {
  const SourceFrame own = summary_frame(trace.frames);
  if (own.function.empty()) return false;
  const auto is_own = [&](const SourceFrame& frame) {
    return frame.module_offset == own.module_offset && frame.function == own.function;
  };
  const auto last = std::find_if(trace.frames.begin(), trace.frames.end(), is_own);
  if (trace.frames.end() - last <= 1) return false;
  trace.frames.erase(last + 1, trace.frames.end());
  trace.cut = false;
  return true;
}

ReportLockStep describe_step(FindingScope& scope, const LockCycleStep& step, Report& report) {
  ReportLockStep result;
  result.held = number_of(scope, step.held, report);
  result.taken = number_of(scope, step.taken, report);
  result.held_for_writing = step.held_for_writing;
  result.taken_for_writing = step.taken_for_writing;
  result.fiber = fiber_name(step.fiber_id);
  result.taken_at = make_trace(scope.symbolizer(), stack_of_id(step.taken_at));
  result.held_at = make_trace(scope.symbolizer(), stack_of_id(step.held_at));
  if (options.second_deadlock_stack == 0) result.held_at_hidden = hide_outer(result.held_at);
  return result;
}

void report_lock_cycle(LockCycle& cycle) {
  FindingScope scope;
  if (!scope.is_new(fingerprint(cycle))) return;
  Report report;
  std::vector<uint64_t> fibers;
  for (const LockCycleStep& step : cycle.steps()) {
    report.lock_cycle.push_back(describe_step(scope, step, report));
    if (std::find(fibers.begin(), fibers.end(), step.fiber_id) == fibers.end())
      fibers.push_back(step.fiber_id);
  }
  for (const uint64_t id : fibers) {
    std::optional<ReportFiber> fiber = describe_fiber(scope, id);
    if (fiber) report.fibers.push_back(std::move(*fiber));
  }
  report.summary = summary_frame(report.lock_cycle.front().taken_at.frames);
  scope.publish(FSAN_FINDING_LOCK_ORDER, report);
}

}  // namespace

void report_lock_cycles(LockCycle* first) {
  while (first != nullptr) {
    LockCycle* const cycle = first;
    first = cycle->next;
    if (may_report()) report_lock_cycle(*cycle);
    LockCycle::free(cycle);
  }
}

}  // namespace fibersan
