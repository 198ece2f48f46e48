// diff.cpp: `fibersan diff` compares the findings of two runs, or of a baseline and a run.
#include <filesystem>
#include <memory>
#include <string>

#include "utils/fibersan/baseline.h"
#include "utils/fibersan/command.h"
#include "utils/fibersan/input.h"
#include "utils/fibersan/output.h"
#include "utils/fibersan/reports.h"

namespace fibersan::command {
namespace {

Baseline read_side(const std::string& name) {
  std::error_code error;
  if (std::filesystem::is_regular_file(name, error) && is_baseline(read_file(name)))
    return read_baseline(name);
  const Reports reports = read_reports({name});
  if (tell_problems(reports)) throw Unusable("there is nothing to compare");
  return findings_of(reports.documents());
}

std::string missing_in(const Baseline& other, const Baseline& from, const char* mark,
                       size_t& count) {
  std::string text;
  for (const auto& [fingerprint, known] : from) {
    if (other.contains(fingerprint)) continue;
    ++count;
    text += mark + fingerprint + "  " + known.summary + "\n";
  }
  return text;
}

int diff(const std::string& old_name, const std::string& new_name) {
  const Baseline before = read_side(old_name);
  const Baseline after = read_side(new_name);
  size_t gone = 0;
  size_t added = 0;
  std::string text = missing_in(after, before, "- ", gone);
  text += missing_in(before, after, "+ ", added);
  print(text + std::to_string(gone) + " gone, " + std::to_string(added) + " new, " +
        std::to_string(after.size() - added) + " in both\n");
  return gone + added == 0 ? kSuccess : kFound;
}

}  // namespace

Action add_diff(CLI::App& top) {
  struct Arguments {
    std::string old_name;
    std::string new_name;
  };
  auto arguments = std::make_shared<Arguments>();
  CLI::App* app = top.add_subcommand("diff", "Compare the findings of two runs");
  app->add_option("OLD", arguments->old_name, "A report, a folder, P of P.<pid>, or a baseline")
      ->required()
      ->option_text(" ");
  app->add_option("NEW", arguments->new_name, "The same of later")->required()->option_text(" ");
  app->footer("Exit status: 0 the findings are the same; 1 they differ; 2 one side is unusable.");
  return [arguments] { return diff(arguments->old_name, arguments->new_name); };
}

}  // namespace fibersan::command
