#include "detector/process/deadly_signals.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "detector/heap/inside_detector.h"
#include "detector/process/end.h"
#include "detector/process/fixed_text.h"
#include "detector/process/signals.h"

namespace fibersan {
namespace {

// By their number's own effect the process dies.
constexpr int kDeadly[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTERM, SIGINT, SIGHUP};

void on_deadly_signal(int number, siginfo_t* info, void*) {
  const int saved = errno;
  {
    const InsideDetector inside;
    if (is_noted_process()) {
      FixedText by;
      const char* const name = sigabbrev_np(number);
      print_last_line(by.add("SIG").add(name == nullptr ? "" : name).view());
    }
  }
  set_system_default(number);
  // An instruction that faulted does so again when we return.
  if (!is_fault(number, *info)) raise(number);  // delivered when we return
  errno = saved;
}

}  // namespace

void handle_deadly_signals() {
  for (int number : kDeadly) handle_in_place_of_default(number, on_deadly_signal);
}

}  // namespace fibersan
