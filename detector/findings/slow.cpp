// slow.cpp: what took longer than an option allows.
//
// Input:    the hook fiber_was_slow, and report_slow() from the detector's own events.
// Output:   findings, one for each stack.
// Not here: who measures: race/hooks_edges.cpp (locks), the runtime's monitor and scheduler.
#include <algorithm>
#include <string>
#include <string_view>

#include "detector/findings/describe.h"
#include "detector/findings/findings.h"
#include "detector/findings/report_lock.h"
#include "detector/history/frames.h"
#include "detector/process/options.h"
#include "detector/race/race_found.h"
#include "detector/report/render_text.h"
#include "detector/symbolize/trace.h"

namespace fibersan {
namespace {

struct Slow {
  fsan_finding_kind kind;
  const void* object;
  uint64_t fiber;
  StackId began;
  uint64_t ms;
};

uint64_t fingerprint(const Slow& slow, const Stack& stack) {
  uint64_t hash = slow.kind + 1;
  for (uint32_t i = 0; i < stack.count; ++i) hash = (hash ^ stack.pcs[i]) * 0x9e3779b97f4a7c15u;
  return stack.empty() ? hash ^ slow.fiber : hash;
}

// blocking_allowed: a part of a function's name, "+" between two.
bool is_allowed(const Trace& trace) {
  std::string_view list = options.blocking_allowed;
  while (!list.empty()) {
    const size_t end = std::min(list.find('+'), list.size());
    const std::string_view part = list.substr(0, end);
    list.remove_prefix(std::min(end + 1, list.size()));
    if (part.empty()) continue;
    for (const SourceFrame& frame : trace.frames)
      if (frame.function.find(part) != std::string::npos) return true;
  }
  return false;
}

void report(const Slow& slow, const Stack& stack) {
  FindingScope scope;
  Report report;
  ReportAccess operation;
  operation.kind = ReportAccess::Kind::kOperation;
  operation.stack = make_trace(scope.symbolizer(), stack);
  if (slow.kind == FSAN_FINDING_BLOCKING_CALL && is_allowed(operation.stack)) return;
  if (!scope.is_new(fingerprint(slow, stack))) return;
  operation.fiber = fiber_name(slow.fiber);
  if (slow.object != nullptr)
    report.object = describe_object(scope, slow.object, FSAN_OBJECT_MUTEX);
  if (slow.began != 0) {
    report.parties.push_back(
        {"locked", operation.fiber, make_trace(scope.symbolizer(), stack_of_id(slow.began))});
  }
  report.summary = summary_frame(operation.stack.frames);
  report.accesses.push_back(std::move(operation));
  std::optional<ReportFiber> described = describe_fiber(scope, slow.fiber);
  if (described) report.fibers.push_back(std::move(*described));
  report.notes.push_back("for " + std::to_string(slow.ms) + " ms");
  scope.publish(slow.kind, report);
}

}  // namespace

void report_slow(fsan_finding_kind kind, const void* object, const fsan_fiber& fiber, StackId began,
                 uint64_t ms) {
  if (!may_report()) return;
  const void* frame = __builtin_frame_address(0);
  const auto pc = reinterpret_cast<uintptr_t>(__builtin_return_address(0));
  report({kind, object, fiber.info->id, began, ms}, walk_frames(frame, pc, fiber.stack));
}

}  // namespace fibersan

extern "C" void __fsan_fiber_was_slow(enum fsan_finding_kind kind, struct fsan_fiber* fiber,
                                      uint64_t id, const void* const* frames, size_t count,
                                      uint64_t ms) {
  using namespace fibersan;
  if (!may_report()) return;
  // A fiber that makes a report, or waits for one, sleeps on our account.
  if (kind == FSAN_FINDING_BLOCKING_CALL) {
    if (!lock_reports_for(0)) return;
    unlock_reports();
  }
  Stack stack;
  for (size_t i = 0; i < count; ++i) stack.push(reinterpret_cast<uintptr_t>(frames[i]));
  if (count == 0 && fiber != nullptr && fiber->waiting.active())
    stack = walk_frames(fiber->waiting.frame, fiber->waiting.pc, fiber->stack);
  report({kind, nullptr, id, 0, ms}, stack);
}
