#include "detector/process/end.h"

#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <cstring>

#include "detector/findings/findings.h"
#include "detector/findings/report_lock.h"
#include "detector/findings/suppression_file.h"
#include "detector/heap/inside_detector.h"
#include "detector/process/children.h"
#include "detector/process/document_file.h"
#include "detector/process/module.h"
#include "detector/process/options.h"
#include "detector/process/output.h"
#include "detector/process/precision.h"
#include "detector/process/run_totals.h"

namespace fibersan {
namespace {

std::atomic<bool> printed{false};
pid_t process = 0;

// E2.
bool has_failed() {
  return findings_reported() != 0 || nothing_is_instrumented() || findings_of_children() != 0;
}

// Not _exit(), which is leave_process() in a checked program.
[[noreturn]] void leave_now(int status) {
  for (;;) syscall(SYS_exit_group, status);
}

void sleep_ms(int64_t milliseconds) {
  timespec left = {milliseconds / 1000, milliseconds % 1000 * 1'000'000};
  while (milliseconds > 0 && nanosleep(&left, &left) != 0) {
  }
}

void process_ends_quickly(std::string_view by) {
  wait_for_children();
  print_last_line(by);
  if (!has_failed()) return;
  if (options.abort_on_error != 0) abort();
  if (options.exitcode != 0) leave_now(static_cast<int>(options.exitcode));
}

}  // namespace

void note_process() { process = getpid(); }
bool is_noted_process() { return getpid() == process; }

void print_last_line(std::string_view by) {
  const bool whole = end_of_findings();
  if (printed.exchange(true)) return;
  const FixedText precision = precision_text(collect_forgotten());
  const Document::Totals totals = collect_totals();
  if (!writes_document() || !end_document(by, totals, precision.view(), whole)) {
    ReportText text;
    add_last_words(text, totals, precision.view(), text_shape(), suppression_lines());
  }
  tell_parent_of_end(totals.nothing_checked);
}

void process_ends() {
  sleep_ms(options.atexit_sleep_ms);
  wait_for_children();
  print_last_line("exit");
  if (!has_failed()) return;
  if (options.abort_on_error != 0) abort();
  // Again exit and not _exit, so that stdio is flushed afterwards; glibc goes on with the
  // handlers that are left, none after us, and takes the new status (E2).
  if (options.exitcode != 0) exit(static_cast<int>(options.exitcode));
}

void process_quick_exits() { process_ends_quickly("quick_exit"); }

void leave_process(int status) {
  if (is_noted_process()) process_ends_quickly("_exit");  // E4
  leave_now(status);
}

bool before_exec() {
  // In a handler, too, that a fault within a report has led to.
  const bool is_within = inside_detector() || reports_locked_by_this_thread();
  if (!is_noted_process() || is_within || findings_are_over()) return false;  // E4
  const InsideDetector inside;
  lock_reports();
  const FixedText precision = precision_text(collect_forgotten());
  const Document::Totals totals = collect_totals();
  if (writes_document()) {
    document_pauses(totals, precision.view());
  } else if (totals.findings != 0) {
    ReportText text;
    add_last_words(text, totals, precision.view(), text_shape(), suppression_lines());
  }
  keep_children_over_exec();
  // Nothing is found any more, and the other program gets the signals' mask.
  let_signals_in();
  return true;
}

void after_failed_exec() {
  const InsideDetector inside;
  children_after_failed_exec();
  if (writes_document()) document_goes_on();
  unlock_reports();
}

void end_process_after_finding() {
  print_last_line("halt_on_error");
  if (options.abort_on_error != 0) abort();
  leave_now(static_cast<int>(options.exitcode));
}

}  // namespace fibersan
