// document.h: all that one process has to say, as plain data: what every format is rendered from.
//
// Input:    filled in by the process that was checked, or read from its file, see json.h.
// Output:   read by render_text.h and the folder render/.
// Not here: the findings themselves, see report.h.
//
// Invariants
//   D1  What is not known is empty, zero or absent.
//   D2  `findings` has what was reported: neither duplicates nor what a suppression named.
//   D3  Texts are bytes, mostly UTF-8; who needs UTF-8 asks utf8.h.
#ifndef FIBERSAN_DETECTOR_REPORT_DOCUMENT_H
#define FIBERSAN_DETECTOR_REPORT_DOCUMENT_H

#include <cstdint>
#include <string>
#include <vector>

#include "detector/report/report.h"

namespace fibersan {

struct Document {
  static constexpr int kSchemaVersion = 1;  // of docs/report.schema.json

  struct Process {
    int64_t pid = 0;
    int64_t parent_pid = 0;
    std::string executable;              // absolute
    std::vector<std::string> arguments;  // argv, its own name first
    std::string directory;               // working directory at the start
    int64_t started_ms = 0;              // since 1970
    int64_t duration_ms = 0;
    uint64_t seed = 0;        // of the scheduling choices; 0: no fiber ran
    uint64_t processors = 0;  // fibers at once, at most; 0: no fiber ran
    std::string options;      // FIBERSAN_OPTIONS
    std::string runtime_options;
    std::string ended_by;  // exit, _exit, quick_exit, halt_on_error, SIGSEGV, ...
    bool operator==(const Process&) const = default;
  };

  struct Totals {
    uint64_t findings = 0;
    uint64_t duplicates = 0;  // further occurrences of them
    uint64_t suppressed = 0;
    uint64_t fibers = 0;    // that ran
    uint64_t accesses = 0;  // that were checked, as far as they are counted
    uint64_t instrumented_functions = 0;
    bool nothing_checked = false;  // no module is instrumented, and that is an error
    // With children_exitcode=1, in the first process: of all others that it came to, and of those
    // that ran on when it ended.
    uint64_t findings_of_children = 0;
    uint64_t children_running = 0;
    bool operator==(const Totals&) const = default;
  };

  // One line of a suppression file, or of the program's own.
  struct Suppression {
    std::string type;
    std::string pattern;
    std::string file;  // empty: built into the program
    uint64_t line = 0;
    uint64_t matches = 0;
    std::string expires;  // YYYY-MM-DD
    std::string reason;
    bool expired = false;  // so it suppressed nothing
    bool operator==(const Suppression&) const = default;
  };

  // A line of the process between its findings, such as that there is no symbolizer.
  struct Message {
    uint64_t before_finding = 0;  // counted from 0
    std::string text;             // without newline
    bool operator==(const Message&) const = default;
  };

  // What its options want in the text besides findings.
  struct TextShape {
    bool verbose = false;       // fingerprints
    bool summary = false;       // the last line in any case, and all that it can say
    bool suppressions = false;  // those that matched
    bool operator==(const TextShape&) const = default;
  };

  std::string tool_version;
  Process process;
  Totals totals;
  std::string precision;  // "exact", or what was forgotten
  bool complete = false;  // false: the process was killed, or its file was cut
  TextShape text;
  std::vector<Report> findings;
  std::vector<Message> messages;
  std::vector<Suppression> suppressions;
  bool operator==(const Document&) const = default;
};

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_REPORT_DOCUMENT_H
