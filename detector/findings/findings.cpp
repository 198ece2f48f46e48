#include "detector/findings/findings.h"

#include <unistd.h>

#include <atomic>
#include <new>
#include <unordered_set>

#include "detector/findings/graph_files.h"
#include "detector/findings/report_lock.h"
#include "detector/findings/summaries.h"
#include "detector/findings/suppression_file.h"
#include "detector/process/children.h"
#include "detector/process/document_file.h"
#include "detector/process/end.h"
#include "detector/process/options.h"
#include "detector/process/output.h"
#include "detector/process/run_totals.h"
#include "detector/report/fingerprint.h"
#include "detector/report/render_text.h"

namespace fibersan {
namespace {

// How long the end of the process waits for a report. A symbolizer may take seconds to load
// the debug information of a large program.
constexpr int kPatienceMs = 10'000;

std::atomic<uint64_t> reported{0};
std::atomic<uint64_t> occurrences{0};
std::atomic<uint64_t> suppressed{0};
std::atomic<bool> over{false};

constexpr const char* kKindText[] = {
#define FSAN_FINDING_KIND(id, text, help) text,
#include "detector/abi/finding_kinds.def"
#undef FSAN_FINDING_KIND
};

// Made at the first finding and never destroyed: findings come until the very end.
struct State {
  std::unordered_set<uint64_t> seen;
  std::unordered_set<const void*> objects;
  Symbolizer symbolizer{SymbolizerOptions{options.symbolize != 0, options.external_symbolizer_path,
                                          options.strip_path_prefix}};
};

State& state() {
  alignas(State) static char place[sizeof(State)];
  static State* made = nullptr;
  if (made == nullptr) made = new (place) State;
  return *made;
}

void put_message(const std::optional<std::string>& line) {
  if (!line) return;
  if (writes_document())
    add_message_to_document(*line);
  else
    write_report_text(*line + "\n");
}

void put(const Report& report) {
  if (writes_document())
    add_to_document(report);
  else
    write_report_text(
        render_text(report, {.color = output_is_coloured(), .fingerprint = options.verbosity > 0}));
}

}  // namespace

bool may_report() {
  // relaxed: a finding that is being made while the process ends may go either way.
  return options.report_bugs != 0 && !inside_detector() && !over.load(std::memory_order_relaxed);
}

bool end_of_findings() {
  if (over.load(std::memory_order_relaxed)) return true;
  // Within its own report, when that halts or crashes, this thread has the lock.
  const bool own = reports_locked_by_this_thread();
  const bool locked = !own && lock_reports_for(kPatienceMs);
  // relaxed: the lock orders it before the next report begins.
  over.store(true, std::memory_order_relaxed);
  if (locked) unlock_reports();
  return own || locked;
}

bool findings_are_over() { return over.load(std::memory_order_relaxed); }

FindingScope::FindingScope() { lock_reports(); }
FindingScope::~FindingScope() { unlock_reports(); }

bool FindingScope::is_new(uint64_t fingerprint) {
  if (over.load(std::memory_order_relaxed)) return false;    // D3
  if (state().seen.insert(fingerprint).second) return true;  // D2
  count_occurrences(1);
  return false;
}

bool FindingScope::is_first_about(const void* object) {
  return state().objects.insert(object).second;
}

bool FindingScope::publish(fsan_finding_kind kind, Report& report) {
  if (over.load(std::memory_order_relaxed)) return true;  // D3
  report.kind = kKindText[kind];
  report.pid = getpid();
  report.fingerprint = fingerprint_of(report);
  if (is_suppressed(report)) {
    suppressed.fetch_add(1, std::memory_order_relaxed);
    return false;
  }
  put_message(state().symbolizer.missing());
  put(report);
  if (options.deadlock_graph[0] != '\0') write_graph_files(kind, report, render_text(report, {}));
  remember_summary(render_summary(report));
  count_finding_for_parent();
  reported.fetch_add(1, std::memory_order_relaxed);
  if (options.halt_on_error != 0) end_process_after_finding();
  return true;
}

Symbolizer& FindingScope::symbolizer() { return state().symbolizer; }

uint64_t findings_reported() { return reported.load(std::memory_order_relaxed); }

void count_occurrences(uint64_t count) { occurrences.fetch_add(count, std::memory_order_relaxed); }
uint64_t findings_suppressed() { return suppressed.load(std::memory_order_relaxed); }
uint64_t further_occurrences() { return occurrences.load(std::memory_order_relaxed); }

void findings_before_fork() { lock_reports(); }
void findings_after_fork_in_parent() { unlock_reports(); }
void findings_after_fork_in_child() {
  InsideDetector inside;
  reported.store(0, std::memory_order_relaxed);
  occurrences.store(0, std::memory_order_relaxed);
  forget_summaries();
  suppressed.store(0, std::memory_order_relaxed);
  note_totals_of_parent();
  document_after_fork();
  state().symbolizer.abandon_process();
  reopen_output();
  unlock_reports();
}

}  // namespace fibersan
