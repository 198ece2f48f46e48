// run.cpp: `fibersan run` runs a command again and again, each time with another seed.
//
// State:    a folder with each run's reports and output, which is removed unless --keep names it.
//
// Invariants
//   N1  A run that wrote no report proves nothing: if none did, that is an error, not silence.
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "detector/report/json.h"
#include "detector/report/render_text.h"
#include "utils/fibersan/baseline.h"
#include "utils/fibersan/children.h"
#include "utils/fibersan/command.h"
#include "utils/fibersan/command_line.h"
#include "utils/fibersan/input.h"
#include "utils/fibersan/output.h"
#include "utils/fibersan/reports.h"

namespace fibersan::command {
namespace {

namespace fs = std::filesystem;

struct RunArguments {
  uint64_t times = 10;
  unsigned at_once = 1;
  uint64_t first_seed = 1;
  unsigned seconds = 0;
  bool until_found = false;
  std::string output;
  std::string keep;
  CLI::App* app = nullptr;
};

// Removed at the end, unless the user named it.
class Folder {
 public:
  explicit Folder(const std::string& keep) : removed_(keep.empty()) {
    std::error_code error;
    if (removed_) {
      std::string name = (fs::temp_directory_path(error) / "fibersan-run.XXXXXX").string();
      if (mkdtemp(name.data()) == nullptr)
        throw Unusable("cannot make a folder for the runs' reports in '" +
                       fs::temp_directory_path(error).string() + "'; name one with --keep");
      path_ = name;
      return;
    }
    path_ = fs::absolute(keep, error);
    fs::create_directories(path_, error);
    if (error)
      throw Unusable("cannot make the folder '" + keep + "': " + error.message() +
                     "; name another one with --keep");
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() {
    std::error_code ignored;
    if (removed_) fs::remove_all(path_, ignored);
  }
  [[nodiscard]] std::string of_run(uint64_t seed) const {
    return (path_ / ("run-" + std::to_string(seed))).string();
  }

 private:
  fs::path path_;
  bool removed_;
};

struct Finding {
  Report report;
  std::vector<uint64_t> seeds;  // of the runs that had it
};

struct Results {
  std::map<std::string, Finding> findings;  // by fingerprint
  std::vector<std::string> order;           // in which they were found
  std::vector<Document> documents;
  std::vector<std::string> failures;  // of runs, for other reasons
  uint64_t runs = 0;
  uint64_t with_reports = 0;
};

void progress(const Results& results, const RunArguments& arguments) {
  if (isatty(STDERR_FILENO) == 0) return;
  constexpr uint64_t kWidth = 30;
  const uint64_t done = arguments.times == 0 ? kWidth : results.runs * kWidth / arguments.times;
  std::string bar(done, '=');
  bar.resize(kWidth, ' ');
  fprintf(stderr, "\r[%s] %llu/%llu runs, %zu findings ", bar.c_str(),
          static_cast<unsigned long long>(results.runs),
          static_cast<unsigned long long>(arguments.times), results.findings.size());
}

std::string last_lines(const std::string& file) {
  constexpr size_t kMost = 2'000;
  std::string text = read_file(file);
  if (text.size() > kMost) {
    const size_t begin = text.find('\n', text.size() - kMost);
    text = "[...]" + (begin == text.npos ? text.substr(text.size() - kMost) : text.substr(begin));
  }
  if (!text.empty() && text.back() != '\n') text += '\n';
  return text;
}

void take_run(const FinishedChild& child, const Folder& folder, const RunArguments& arguments,
              Results& results) {
  ++results.runs;
  const std::string prefix = folder.of_run(child.seed);
  const Reports reports = read_reports({prefix});
  if (!reports.files.empty()) ++results.with_reports;
  size_t found = 0;
  for (const ReportFile& file : reports.files) {
    for (const Document& document : file.documents) {
      for (const Report& report : document.findings) {
        ++found;
        auto [place, is_new] = results.findings.try_emplace(report.fingerprint);
        if (is_new) {
          place->second.report = report;
          results.order.push_back(report.fingerprint);
        }
        std::vector<uint64_t>& seeds = place->second.seeds;
        if (seeds.empty() || seeds.back() != child.seed) seeds.push_back(child.seed);
      }
      if (!arguments.output.empty()) results.documents.push_back(document);
    }
  }
  if (found == 0 && !child.ended_well)
    results.failures.push_back("the run with seed " + std::to_string(child.seed) + " " + child.how +
                               "\n" + last_lines(prefix + ".out"));
}

Results run_all(const std::vector<std::string>& command, const RunArguments& arguments,
                const Folder& folder) {
  Results results;
  Children children(command, arguments.seconds);
  uint64_t started = 0;
  bool enough = false;
  while ((!enough && started < arguments.times) || children.count() != 0) {
    while (!enough && started < arguments.times && children.count() < arguments.at_once) {
      const uint64_t seed = arguments.first_seed + started++;
      children.start(seed, folder.of_run(seed));
    }
    const FinishedChild child = children.wait_for_one();
    if (enough) continue;  // it was killed
    if (!children.interrupted()) take_run(child, folder, arguments, results);
    progress(results, arguments);
    enough = children.interrupted() || (arguments.until_found && !results.findings.empty());
    if (enough) children.kill_all();
  }
  if (isatty(STDERR_FILENO) != 0) fprintf(stderr, "\r%60s\r", "");
  if (children.interrupted()) say("interrupted; what follows is of the runs that had ended");
  return results;
}

std::string summary(const Results& results) {
  std::string text;
  for (const std::string& fingerprint : results.order) {
    const Finding& finding = results.findings.at(fingerprint);
    text += render_text(finding.report, {is_terminal(), true});
    text += "in " + std::to_string(finding.seeds.size()) + " of " + counted(results.runs, "run") +
            "; again with FIBER_OPTIONS=seed=" +
            std::to_string(*std::ranges::min_element(finding.seeds)) + "\n";
  }
  for (const std::string& failure : results.failures) text += failure;
  text += counted(results.runs, "run") + ": " + counted(results.findings.size(), "finding");
  if (!results.failures.empty())
    text += ", " + std::to_string(results.failures.size()) + " failed otherwise";
  return text + "\n";
}

int run(const RunArguments& arguments) {
  std::vector<std::string> command = words_after_dashes();
  if (command.empty()) command = arguments.app->remaining();
  if (command.empty())
    throw Unusable(
        "there is no command to run; write it behind --, as in: fibersan run -n 20 -- ./app");
  const Folder folder(arguments.keep);
  const Results results = run_all(command, arguments, folder);
  if (results.with_reports == 0)  // N1
    throw Unusable(
        (results.failures.empty() ? "" : results.failures.front()) + "no run wrote a report; is '" +
        command.front() +
        "' compiled and linked with --config=fibersan.cfg? 'fibersan check-binary' tells");
  if (!arguments.output.empty()) {
    std::string json;
    for (const Document& document : results.documents) json += to_json(document);
    write_result(arguments.output, json);
  }
  print(summary(results));
  return results.findings.empty() && results.failures.empty() ? kSuccess : kFound;
}

}  // namespace

Action add_run(CLI::App& top) {
  auto arguments = std::make_shared<RunArguments>();
  CLI::App* app = top.add_subcommand(
      "run", "Run a command many times, each with another seed: fibersan run -n 20 -- ./app");
  arguments->app = app;
  app->prefix_command();
  app->add_option("-n,--times", arguments->times, "Runs (default: 10)")->option_text("N");
  app->add_option("-j,--jobs", arguments->at_once, "Runs at the same time (default: 1)")
      ->check(CLI::Range(1u, 1000u))
      ->option_text("N");
  app->add_option("--seed", arguments->first_seed, "Seed of the first run (default: 1)")
      ->option_text("SEED");
  app->add_flag("--until-found", arguments->until_found, "Stop at the first finding");
  app->add_option("--timeout", arguments->seconds, "Kill a run that takes longer")
      ->option_text("SECONDS");
  app->add_option("-o,--output", arguments->output,
                  "Write the reports of all runs to FILE, as JSON")
      ->option_text("FILE");
  app->add_option("--keep", arguments->keep, "Leave each run's reports and output in FOLDER")
      ->option_text("FOLDER");
  app->footer(
      "Exit status: 0 nothing was found and each run ended with 0; 1 something was found, or a "
      "run\n"
      "failed; 2 it could not be run, or wrote no report.");
  return [arguments] { return run(*arguments); };
}

}  // namespace fibersan::command
