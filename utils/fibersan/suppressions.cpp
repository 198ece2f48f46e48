// suppressions.cpp: `fibersan suppressions generate` and `check`.
//
// What a suppression does is detector/report/suppressions.h's business; here is which ones should
// not be there: unused, expired, too broad, without a reason.
#include "detector/report/suppressions.h"

#include <algorithm>
#include <ctime>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "detector/report/render/merged.h"
#include "utils/fibersan/baseline.h"
#include "utils/fibersan/command.h"
#include "utils/fibersan/input.h"
#include "utils/fibersan/output.h"
#include "utils/fibersan/reports.h"

namespace fibersan::command {
namespace {

constexpr size_t kShortestPattern = 4;  // characters besides * ^ $

struct SuppressionArguments {
  CLI::App* generate = nullptr;
  std::string list;
  std::vector<std::string> files;
  std::string output = "-";
  std::string reason;
  std::string expires;
  size_t broad = 10;
};

int generate(const SuppressionArguments& arguments) {
  const Reports reports = read_reports(arguments.files);
  if (tell_problems(reports)) throw Unusable("no suppressions were made");
  const std::vector<Document> documents = reports.documents();
  std::string text = "# Suppressions of FiberSan: FIBERSAN_OPTIONS=suppressions=<this file>\n";
  for (const MergedFinding& finding : merged(documents)) {
    text += "\n# " + summary_of(*finding.report) + "\n";
    text += "# reason: " + arguments.reason + "\n";
    if (!arguments.expires.empty()) text += "# expires: " + arguments.expires + "\n";
    text += "fingerprint:" + finding.report->fingerprint + "\n";
  }
  Suppressions made;
  if (const auto wrong = made.parse(text))
    throw Unusable("no suppressions were made, for one would not be readable: " + *wrong);
  write_result(arguments.output, text);
  return kSuccess;
}

std::string today() {
  const std::time_t now = std::time(nullptr);
  std::tm day = {};
  localtime_r(&now, &day);
  char text[sizeof "2031-01-31"];
  const size_t length = std::strftime(text, sizeof text, "%Y-%m-%d", &day);
  return {text, length};
}

// Findings that this line alone would suppress: those of the reports by fingerprint, or as many as
// a process counted, whose reports then lack them.
size_t matches_of(const Document::Suppression& line, const std::vector<Document>& documents) {
  Suppressions alone;
  if (alone.parse(line.type + ":" + line.pattern)) return 0;
  std::set<std::string> fingerprints;
  uint64_t counted = 0;
  for (const Document& document : documents) {
    for (const Report& report : document.findings) {
      if (alone.match(suppression_type_of(report.kind), report) != nullptr)
        fingerprints.insert(report.fingerprint);
    }
    for (const Document::Suppression& used : document.suppressions) {
      if (used.type == line.type && used.pattern == line.pattern)
        counted = std::max(counted, used.matches);
    }
  }
  return std::max<size_t>(fingerprints.size(), counted);
}

size_t literal_characters(const std::string& pattern) {
  return static_cast<size_t>(std::ranges::count_if(
      pattern, [](char letter) { return letter != '*' && letter != '^' && letter != '$'; }));
}

std::vector<std::string> problems_of(const Document::Suppression& line,
                                     const std::vector<Document>& documents,
                                     const SuppressionArguments& arguments) {
  std::vector<std::string> problems;
  const size_t matches = matches_of(line, documents);
  if (line.reason.empty())
    problems.emplace_back("no reason: say why in a comment above, # reason: ...");
  if (line.expired)
    problems.push_back("expired on " + line.expires + ": correct the program, or decide anew");
  if (literal_characters(line.pattern) < kShortestPattern)
    problems.emplace_back("too broad: so short a pattern is in many names; write the whole name");
  else if (matches >= arguments.broad)
    problems.push_back("too broad: suppresses " + counted(matches, "finding") +
                       "; name the functions, or the fingerprints");
  if (!arguments.files.empty() && matches == 0)
    problems.emplace_back("unused: nothing in the reports is suppressed by it; take it out");
  return problems;
}

int check(const SuppressionArguments& arguments) {
  Suppressions list;
  if (const auto wrong = list.parse(read_file(arguments.list), arguments.list, today()))
    throw Unusable("cannot use the suppressions '" + arguments.list + "': " + *wrong);
  const Reports reports = read_reports(arguments.files);
  if (tell_problems(reports)) throw Unusable("the suppressions were not checked");
  const std::vector<Document> documents = reports.documents();
  std::string text;
  size_t count = 0;
  for (const Document::Suppression& line : list.all()) {
    for (const std::string& problem : problems_of(line, documents, arguments)) {
      text += arguments.list + ":" + std::to_string(line.line) + ": " + line.type + ":" +
              line.pattern + ": " + problem + "\n";
      ++count;
    }
  }
  print(text + counted(list.all().size(), "suppression") + ", " + counted(count, "problem") + "\n");
  return count == 0 ? kSuccess : kFound;
}

}  // namespace

Action add_suppressions(CLI::App& top) {
  auto arguments = std::make_shared<SuppressionArguments>();
  CLI::App* app =
      top.add_subcommand("suppressions", "Make suppressions of findings, or check them");
  app->require_subcommand(1);
  CLI::App* make = app->add_subcommand("generate", "Print a suppression for each finding");
  arguments->generate = make;
  add_report_files(*make, arguments->files);
  make->add_option("--reason", arguments->reason, "Why: a comment of each")->option_text("TEXT");
  make->add_option("--expires", arguments->expires, "From the next day on they suppress nothing")
      ->option_text("YYYY-MM-DD");
  make->add_option("-o,--output", arguments->output, "Write to FILE instead of standard output")
      ->option_text("FILE");
  CLI::App* verify = app->add_subcommand(
      "check", "Tell suppressions that are expired, too broad, without a reason or unused");
  verify->add_option("SUPPRESSIONS", arguments->list, "The file of suppressions")
      ->required()
      ->option_text(" ");
  verify
      ->add_option(
          "FILE", arguments->files,
          "Reports of all that the suppressions are for; without, unused ones are not told")
      ->option_text("...");
  verify
      ->add_option("--broad", arguments->broad,
                   "Findings from which on one is too broad (default: 10)")
      ->option_text("N");
  verify->footer(
      "Exit status: 0 no problem; 1 problems; 2 the suppressions or a report are unusable.");
  return [arguments] {
    return arguments->generate->parsed() ? generate(*arguments) : check(*arguments);
  };
}

}  // namespace fibersan::command
