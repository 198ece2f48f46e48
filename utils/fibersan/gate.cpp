// gate.cpp: `fibersan gate` lets through what a baseline knows, and nothing else.
//
// Invariants
//   G1  0 only when every report was read whole, its process came to its end, and each finding is
//       in the baseline; with --require-instrumented also when each proves that it checked
//       something.
//   G2  A baseline is written only from reports that are whole, and stays as it was otherwise.
#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "detector/report/render/doubts.h"
#include "detector/report/render_text.h"
#include "utils/fibersan/baseline.h"
#include "utils/fibersan/command.h"
#include "utils/fibersan/input.h"
#include "utils/fibersan/output.h"
#include "utils/fibersan/owners.h"
#include "utils/fibersan/reports.h"

namespace fibersan::command {
namespace {

struct GateArguments {
  std::string baseline;
  std::vector<std::string> files;
  std::string owners;
  bool update = false;
  bool require_instrumented = false;
};

constexpr const char* kZero =
    "no function was instrumented: compile with --config=fibersan.cfg; 'fibersan check-binary' "
    "tells which files are";

// Why it proves nothing; empty: it does prove something.
std::string not_proven(const ReportFile& file) {
  if (file.text && !file.text->functions)
    return "the log does not say how many functions were instrumented: run with "
           "FIBERSAN_OPTIONS=summary=always, or write JSON";
  if (file.text) return *file.text->functions == 0 ? kZero : "";
  for (const Document& document : file.documents) {
    if (document.complete && document.totals.instrumented_functions == 0)
      return "of process " + std::to_string(document.process.pid) + " " + kZero;
  }
  return "";
}

// Why it is no answer; empty: it is one.
std::string no_answer(const ReportFile& file) {
  if (!file.not_whole.empty()) return file.not_whole + ", so its silence proves nothing";
  if (!file.text) return "";
  if (!file.text->has_last_line)
    return "the log has no last line, so its process was killed, or is still running";
  if (file.text->findings != file.text->fingerprints.size())
    return "the log has findings without fingerprints: run with FIBERSAN_OPTIONS=verbosity=1, or "
           "write JSON";
  return "";
}

uint64_t findings_in(const ReportFile& file) {
  if (file.text) return file.text->findings;
  return findings_in(file.documents);
}

// What its process knows of others (children_exitcode) and `all` the files do not have.
std::string of_missing_children(const ReportFile& file, uint64_t all) {
  for (const Document& document : file.documents) {
    const std::string process = "process " + std::to_string(document.process.pid);
    if (document.totals.children_running != 0)
      return "when " + process + " ended, children of it still ran: set children_wait_ms";
    if (misses_findings_of_children(document, all))
      return "findings of children of " + process + " are not among the reports: name theirs, too";
  }
  return "";
}

// Whether G1's condition on the input holds.
bool tell_inputs(const Reports& reports, const GateArguments& arguments) {
  for (const std::string& error : reports.errors) say(error);
  bool good = reports.errors.empty();
  uint64_t all = 0;
  for (const ReportFile& file : reports.files) all += findings_in(file);
  for (const ReportFile& file : reports.files) {
    std::string why = no_answer(file);
    if (why.empty()) why = of_missing_children(file, all);
    if (why.empty() && arguments.require_instrumented) why = not_proven(file);
    if (why.empty()) continue;
    say("'" + file.path + "': " + why);
    good = false;
  }
  return good;
}

struct Found {
  Baseline findings;
  std::map<std::string, const Report*> reports;  // of those that came as JSON
};

Found found_in(const Reports& reports) {
  Found found;
  for (const ReportFile& file : reports.files) {
    found.findings.merge(findings_of(file.documents));
    for (const Document& document : file.documents) {
      for (const Report& report : document.findings) found.reports[report.fingerprint] = &report;
    }
    if (!file.text) continue;
    for (const std::string& fingerprint : file.text->fingerprints)
      found.findings.try_emplace(fingerprint, Known{"", "in the log '" + file.path + "'", nullptr});
  }
  return found;
}

std::string line_of(const std::string& fingerprint, const Known& known, const Report* report,
                    const Owners* owners) {
  std::string line = fingerprint + "  " + known.summary;
  if (report == nullptr) return line + "\n";
  if (report->summary.line != 0) line += " at " + render_place(report->summary);
  const std::string owner = owners == nullptr ? "" : owners->of(*report);
  if (!owner.empty()) line += "  owner: " + owner;
  return line + "\n";
}

Baseline known_findings(const GateArguments& arguments) {
  std::error_code error;
  if (!std::filesystem::exists(arguments.baseline, error) && !error) {
    if (arguments.update) return {};
    throw Unusable("there is no baseline '" + arguments.baseline +
                   "'; --update-baseline makes one of the findings that there are now");
  }
  return read_baseline(arguments.baseline);
}

int update(const GateArguments& arguments, Baseline known, Baseline found) {
  size_t added = 0;
  size_t removed = 0;
  for (auto& [fingerprint, finding] : found) {
    const auto old = known.find(fingerprint);
    if (old == known.end())
      ++added;
    else
      finding.added = std::move(old->second.added);
  }
  for (const auto& [fingerprint, finding] : known) removed += found.contains(fingerprint) ? 0 : 1;
  write_result(arguments.baseline, to_text(found));
  print("baseline '" + arguments.baseline + "' written: " + counted(found.size(), "finding") +
        ", " + std::to_string(added) + " added, " + std::to_string(removed) + " removed\n");
  return kSuccess;
}

int gate(const GateArguments& arguments) {
  std::optional<Owners> owners;
  if (!arguments.owners.empty()) owners.emplace(read_file(arguments.owners));
  const Reports reports = read_reports(arguments.files, TextLogs::kRead);
  const bool good = tell_inputs(reports, arguments);
  Found found = found_in(reports);
  Baseline known = known_findings(arguments);
  if (arguments.update) {
    if (!good) throw Unusable("the baseline was not written, because the reports are no answer");
    return update(arguments, std::move(known), std::move(found.findings));
  }
  std::string text;
  size_t fresh = 0;
  for (const auto& [fingerprint, finding] : found.findings) {
    if (known.contains(fingerprint)) continue;
    const auto report = found.reports.find(fingerprint);
    text += "new: " + line_of(fingerprint, finding,
                              report == found.reports.end() ? nullptr : report->second,
                              owners ? &*owners : nullptr);
    ++fresh;
  }
  size_t unseen = 0;
  for (const auto& [fingerprint, finding] : known)
    unseen += found.findings.contains(fingerprint) ? 0 : 1;
  text += counted(fresh, "new finding") + ", " + std::to_string(found.findings.size() - fresh) +
          " known";
  if (unseen != 0) text += "; " + std::to_string(unseen) + " of the baseline did not occur";
  print(text + "\n");
  if (!good) throw Unusable("this is no pass, because of what is said above");
  return fresh == 0 ? kSuccess : kFound;
}

}  // namespace

Action add_gate(CLI::App& top) {
  auto arguments = std::make_shared<GateArguments>();
  CLI::App* app =
      top.add_subcommand("gate", "Fail when reports have a finding that a baseline does not know");
  app->add_option("--baseline", arguments->baseline,
                  "The known findings: written by --update-baseline, or any report")
      ->required()
      ->option_text("BASE");
  app->add_flag("--update-baseline", arguments->update,
                "Write the findings of the reports to BASE; exit status 0");
  app->add_option("--owners", arguments->owners,
                  "A file like CODEOWNERS: says whom each new finding belongs to")
      ->option_text("OWNERS");
  app->add_flag("--require-instrumented", arguments->require_instrumented,
                "Fail when a report says that no function was instrumented, or does not say");
  add_report_files(*app, arguments->files);
  app->footer(
      "Exit status: 0 no finding is new; 1 one is; 2 a report or BASE is unusable, a process was\n"
      "killed, or with --require-instrumented nothing was instrumented: that is no pass.");
  return [arguments] { return gate(*arguments); };
}

}  // namespace fibersan::command
