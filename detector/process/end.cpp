#include "detector/process/end.h"

#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <cstring>

#include "detector/findings/findings.h"
#include "detector/process/options.h"
#include "detector/process/output.h"
#include "detector/process/precision.h"

namespace fibersan {
namespace {

std::atomic<bool> printed{false};
pid_t process = 0;

// Not _exit(), which is leave_process() in a checked program.
[[noreturn]] void leave_now(int status) {
  for (;;) syscall(SYS_exit_group, status);
}

void sleep_ms(int64_t milliseconds) {
  timespec left = {milliseconds / 1000, milliseconds % 1000 * 1'000'000};
  while (milliseconds > 0 && nanosleep(&left, &left) != 0) {
  }
}

}  // namespace

FixedText last_line(uint64_t findings, std::string_view precision) {
  FixedText line;
  line.add("FiberSan: reported ").add(findings).add(" warnings; precision: ");
  line.add(precision).add("\n");
  return line;
}

void note_process() { process = getpid(); }
bool is_noted_process() { return getpid() == process; }

void print_last_line() {
  end_of_findings();
  const FixedText precision = precision_text(collect_forgotten());
  const bool asked = strcmp(options.summary, "always") == 0;
  const bool wanted = findings_reported() != 0 || precision.view() != kExact || asked;
  if (!wanted || printed.exchange(true)) return;
  FixedText text;
  if ((asked || options.verbosity > 0) && further_occurrences() != 0) {
    text.add("FiberSan: ").add(further_occurrences());
    text.add(" further occurrences of reported findings\n");
  }
  text.add(last_line(findings_reported(), precision.view()).view());
  write_report_text(text.view());
}

void process_ends() {
  sleep_ms(options.atexit_sleep_ms);
  print_last_line();
  if (findings_reported() == 0) return;
  if (options.abort_on_error != 0) abort();
  // Again exit and not _exit, so that stdio is flushed afterwards; glibc goes on with the
  // handlers that are left, none after us, and takes the new status (E2).
  if (options.exitcode != 0) exit(static_cast<int>(options.exitcode));
}

void process_ends_quickly() {
  print_last_line();
  if (findings_reported() == 0) return;
  if (options.abort_on_error != 0) abort();
  if (options.exitcode != 0) leave_now(static_cast<int>(options.exitcode));
}

void leave_process(int status) {
  if (is_noted_process()) process_ends_quickly();  // E4
  leave_now(status);
}

void end_process_after_finding() {
  print_last_line();
  if (options.abort_on_error != 0) abort();
  leave_now(static_cast<int>(options.exitcode));
}

}  // namespace fibersan
