#include "detector/process/end.h"

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

void sleep_ms(int64_t milliseconds) {
  timespec left = {milliseconds / 1000, milliseconds % 1000 * 1'000'000};
  while (milliseconds > 0 && nanosleep(&left, &left) != 0) {
  }
}

}  // namespace

std::string last_line(uint64_t findings, const std::string& precision) {
  return "FiberSan: reported " + std::to_string(findings) + " warnings; precision: " + precision +
         "\n";
}

void print_last_line() {
  InsideDetector inside;
  std::string precision = precision_text(collect_forgotten());
  bool wanted =
      findings_reported() != 0 || precision != kExact || strcmp(options.summary, "always") == 0;
  if (!wanted || printed.exchange(true)) return;
  if (options.verbosity > 0) {
    write_report_text("FiberSan: dropped " + std::to_string(duplicates_dropped()) +
                      " duplicates of reported findings\n");
  }
  write_report_text(last_line(findings_reported(), precision));
}

void process_ends() {
  sleep_ms(options.atexit_sleep_ms);
  print_last_line();
  end_of_findings();
  if (findings_reported() == 0) return;
  if (options.abort_on_error != 0) abort();
  // Again exit and not _exit, so that stdio is flushed afterwards; glibc goes on with the
  // handlers that are left, none after us, and takes the new status (E2).
  if (options.exitcode != 0) exit(static_cast<int>(options.exitcode));
}

void end_process_after_finding() {
  print_last_line();
  if (options.abort_on_error != 0) abort();
  _exit(static_cast<int>(options.exitcode));
}

}  // namespace fibersan
