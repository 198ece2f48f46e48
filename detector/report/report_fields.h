// report_fields.h: the fields of reports and documents with their names in JSON, once for writing
// and reading.
//
// Input:    a visitor and a value. The visitor gets for each field
//             visit("name", value)         left out while it is T{}
//             visit.always("name", value)
//             visit.hex("name", value)     an address; left out while it is 0
// Not here: what is around the fields, see json_writer.h and json_reader.h.
//
// Invariants
//   N1  A name that was published (docs/report.schema.json) keeps its meaning.
//   N2  The first field of a Report is the fingerprint, which nothing else has: so findings are
//       found in a text that was damaged.
#ifndef FIBERSAN_DETECTOR_REPORT_REPORT_FIELDS_H
#define FIBERSAN_DETECTOR_REPORT_REPORT_FIELDS_H

#include <concepts>
#include <span>
#include <string_view>
#include <type_traits>

#include "detector/report/document.h"

namespace fibersan {

template <class T, class Of>
concept Some = std::same_as<std::remove_const_t<T>, Of>;

// The words of an enumeration, in its order.
inline std::span<const std::string_view> words_of(FiberName::Kind) {
  static constexpr std::string_view kWords[] = {"fiber", "main thread", "thread", "unknown"};
  return kWords;
}
inline std::span<const std::string_view> words_of(ReportAccess::Kind) {
  static constexpr std::string_view kWords[] = {"read", "write", "free", "operation"};
  return kWords;
}
inline std::span<const std::string_view> words_of(ReportLocation::Kind) {
  static constexpr std::string_view kWords[] = {"heap block", "global", "stack", "thread_local",
                                                "mapped memory"};
  return kWords;
}
inline std::span<const std::string_view> words_of(ReportFiber::State) {
  static constexpr std::string_view kWords[] = {"running", "finished", "forgotten"};
  return kWords;
}

void fields(auto& visit, Some<SourceFrame> auto& frame) {
  visit("function", frame.function);
  visit("file", frame.file);
  visit("line", frame.line);
  visit("column", frame.column);
  visit("module", frame.module);
  visit.hex("module_offset", frame.module_offset);
  visit("inlined", frame.inlined);
  visit("c_library", frame.c_library);
}

void fields(auto& visit, Some<Trace> auto& trace) {
  visit("frames", trace.frames);
  visit("cut", trace.cut);
  visit("lost_why", trace.lost_why);
}

void fields(auto& visit, Some<FiberName> auto& fiber) {
  visit.always("kind", fiber.kind);
  visit("id", fiber.id);
  visit("name", fiber.name);
}

void fields(auto& visit, Some<HeldMutex> auto& held) {
  visit.always("number", held.number);
  visit.always("write", held.write);
  visit("acquired", held.acquired);
}

void fields(auto& visit, Some<ReportAccess> auto& access) {
  visit.always("kind", access.kind);
  visit("atomic", access.atomic);
  visit.hex("address", access.address);
  visit("size", access.size);
  visit.always("fiber", access.fiber);
  visit("mutexes", access.mutexes);
  visit("stack", access.stack);
}

void fields(auto& visit, Some<ReportParty> auto& party) {
  visit.always("doing", party.doing);
  visit.always("fiber", party.fiber);
  visit("stack", party.stack);
}

void fields(auto& visit, Some<ReportObject> auto& object) {
  visit.always("kind", object.kind);
  visit.hex("address", object.address);
  visit("name", object.name);
  visit("state", object.state);
  visit("creator", object.creator);
  visit("created", object.created);
}

void fields(auto& visit, Some<ReportMutex> auto& mutex) {
  visit.always("number", mutex.number);
  visit.always("object", mutex.object);
}

void fields(auto& visit, Some<ReportFree> auto& free) {
  visit.always("fiber", free.fiber);
  visit("stack", free.stack);
}

void fields(auto& visit, Some<ReportLocation> auto& location) {
  visit.always("kind", location.kind);
  visit.hex("address", location.address);
  visit("size", location.size);
  visit("fiber", location.fiber);
  visit("allocated", location.allocated);
  visit("global", location.global);
  visit("where", location.where);
  visit("offset", location.offset);
  visit("freed", location.freed);
  visit("free", location.free);
  visit("variable", location.variable);
  visit("function", location.function);
  visit("mapping", location.mapping);
}

void fields(auto& visit, Some<ReportFiber> auto& fiber) {
  visit.always("fiber", fiber.fiber);
  visit.always("state", fiber.state);
  visit("creator", fiber.creator);
  visit("created", fiber.created);
}

void fields(auto& visit, Some<ReportWaiters::Ids> auto& ids) {
  visit.always("first", ids.first);
  visit.always("last", ids.last);
}

void fields(auto& visit, Some<ReportWaiters> auto& waiters) {
  visit.always("fiber", waiters.fiber);
  visit.always("count", waiters.count);
  visit("ids", waiters.ids);
  visit.always("reason", waiters.reason);
  visit("objects", waiters.objects);
  visit("waits_for", waiters.waits_for);
  visit("holders", waiters.holders);
  visit("why", waiters.why);
  visit("waited_ms", waiters.waited_ms);
  visit("mutexes", waiters.mutexes);
  visit("stack", waiters.stack);
  visit("creator", waiters.creator);
  visit("created", waiters.created);
}

void fields(auto& visit, Some<ReportLockStep> auto& step) {
  visit.always("held", step.held);
  visit.always("taken", step.taken);
  visit.always("held_for_writing", step.held_for_writing);
  visit.always("taken_for_writing", step.taken_for_writing);
  visit.always("fiber", step.fiber);
  visit("taken_at", step.taken_at);
  visit("held_at", step.held_at);
  visit("held_at_hidden", step.held_at_hidden);
}

void fields(auto& visit, Some<Report> auto& report) {
  visit.always("fingerprint", report.fingerprint);  // N2
  visit.always("kind", report.kind);
  visit.always("pid", report.pid);
  visit("at_ms", report.at_ms);
  visit("summary", report.summary);
  visit("accesses", report.accesses);
  visit("object", report.object);
  visit("location", report.location);
  visit("lock_cycle", report.lock_cycle);
  visit("parties", report.parties);
  visit("mutexes", report.mutexes);
  visit("waiters", report.waiters);
  visit("fibers", report.fibers);
  visit("notes", report.notes);
}

void fields(auto& visit, Some<Document::Message> auto& message) {
  visit.always("before_finding", message.before_finding);
  visit.always("text", message.text);
}

void fields(auto& visit, Some<Document::Suppression> auto& line) {
  visit.always("type", line.type);
  visit.always("pattern", line.pattern);
  visit("file", line.file);
  visit("line", line.line);
  visit.always("matches", line.matches);
  visit("expires", line.expires);
  visit("reason", line.reason);
  visit("expired", line.expired);
}

void fields(auto& visit, Some<Document::Totals> auto& totals) {
  visit.always("findings", totals.findings);
  visit.always("duplicates", totals.duplicates);
  visit.always("suppressed", totals.suppressed);
  visit.always("fibers", totals.fibers);
  visit.always("accesses", totals.accesses);
  visit.always("instrumented_functions", totals.instrumented_functions);
  visit("nothing_checked", totals.nothing_checked);
  visit("findings_of_children", totals.findings_of_children);
  visit("children_running", totals.children_running);
}

void fields(auto& visit, Some<Document::TextShape> auto& text) {
  visit("verbose", text.verbose);
  visit("summary", text.summary);
  visit("suppressions", text.suppressions);
}

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_REPORT_REPORT_FIELDS_H
