// report.cpp: `fibersan report` renders reports in another format.
#include <algorithm>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "detector/report/json.h"
#include "detector/report/render/github.h"
#include "detector/report/render/html.h"
#include "detector/report/render/junit.h"
#include "detector/report/render/sarif.h"
#include "detector/report/render_text.h"
#include "utils/fibersan/command.h"
#include "utils/fibersan/filter.h"
#include "utils/fibersan/output.h"
#include "utils/fibersan/reports.h"

namespace fibersan::command {
namespace {

struct ReportArguments {
  std::vector<std::string> files;
  std::string format = "text";
  std::string output = "-";
  std::string source_root = ".";
  std::string compiled_root;
  std::string help_uri;
  std::string color = "auto";
  bool all = false;
  Filter filter;
};

std::string as_json(const std::vector<Document>& documents) {
  std::string text;
  for (const Document& document : documents) text += to_json(document);
  return text;
}

// What an earlier process reported, too. The other formats have each finding once by themselves,
// and JSON keeps everything.
void drop_repeated(std::vector<Document>& documents) {
  std::set<std::pair<std::string, std::string>> known;
  for (Document& document : documents) {
    std::set<std::pair<std::string, std::string>> of_this;
    std::erase_if(document.findings, [&](const Report& report) {
      std::pair name(report.kind, report.fingerprint);
      if (report.fingerprint.empty()) return false;
      if (known.contains(name)) return true;
      of_this.insert(std::move(name));
      return false;
    });
    known.merge(of_this);
    document.totals.findings = document.findings.size();
  }
}

bool wants_color(const ReportArguments& arguments) {
  return arguments.color == "always" ||
         (arguments.color == "auto" && arguments.output == "-" && is_terminal());
}

std::string as_text(std::vector<Document> documents, const ReportArguments& arguments) {
  if (documents.size() > 1 && !arguments.all) drop_repeated(documents);
  std::string text;
  for (const Document& document : documents) text += render_text(document, wants_color(arguments));
  return text;
}

std::string rendered(std::vector<Document> documents, const ReportArguments& arguments) {
  if (arguments.format == "json") return as_json(documents);
  if (arguments.format == "text") return as_text(std::move(documents), arguments);
  RenderOptions options;
  std::error_code error;
  options.sources.root = std::filesystem::absolute(arguments.source_root, error).string();
  options.sources.compiled_root = arguments.compiled_root;
  options.help_uri = arguments.help_uri;
  if (arguments.format == "sarif") return render_sarif(documents, options);
  if (arguments.format == "junit") return render_junit(documents, options);
  if (arguments.format == "html") return render_html(documents, options);
  return render_github(documents, options);
}

int report(const ReportArguments& arguments) {
  const Reports reports = read_reports(arguments.files);
  const bool any_error = tell_problems(reports);
  if (reports.files.empty()) return kUnusable;
  std::vector<Document> documents = reports.documents();
  apply(arguments.filter, documents);
  write_result(arguments.output, rendered(std::move(documents), arguments));
  return any_error ? kUnusable : kSuccess;
}

}  // namespace

Action add_report(CLI::App& top) {
  auto arguments = std::make_shared<ReportArguments>();
  CLI::App* app =
      top.add_subcommand("report", "Render reports: as text, or for CI servers and editors");
  add_report_files(*app, arguments->files);
  app->add_option("--format", arguments->format,
                  "text (default), json, sarif, junit, html or github")
      ->check(CLI::IsMember({"text", "json", "sarif", "junit", "html", "github"}))
      ->option_text("FORMAT");
  app->add_option("-o,--output", arguments->output, "Write to FILE instead of standard output")
      ->option_text("FILE");
  app->add_option(
         "--source-root", arguments->source_root,
         "The repository: files in it are named relative to it (default: the current folder)")
      ->option_text("FOLDER");
  app->add_option("--compiled-root", arguments->compiled_root,
                  "What the repository was called where the program was compiled")
      ->option_text("FOLDER");
  app->add_option("--help-uri", arguments->help_uri,
                  "Page that explains the kinds of findings; #<kind> is added")
      ->option_text("URI");
  app->add_option("--color", arguments->color, "Of text: auto (default), always, never")
      ->check(CLI::IsMember({"auto", "always", "never"}))
      ->option_text("WHEN");
  app->add_flag("--all", arguments->all,
                "In text show a finding again when another process had it, too");
  add_filter(*app, arguments->filter);
  app->footer(
      "Exit status: 0 rendered, whatever the findings; 2 something could not be read or written.\n"
      "A report that was cut off is shown as far as it is whole, and said to be so.");
  return [arguments] { return report(*arguments); };
}

}  // namespace fibersan::command
