// symbolize.cpp: `fibersan symbolize` gives frames of stored reports their functions and lines.
//
// Input:    reports that were made with symbolize=0, or where no llvm-symbolizer was; the programs
//           and libraries that they name, with their debug information.
// Output:   the reports as JSON, with frames of inlined functions added, and fingerprints of the
//           functions' names: the same as if the process had symbolized itself.
// Known:    local variables stay without a name; so do places within notes.
#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "detector/report/fingerprint.h"
#include "detector/report/json.h"
#include "detector/report/report_fields.h"
#include "detector/report/trace_frames.h"
#include "utils/fibersan/command.h"
#include "utils/fibersan/llvm_symbolizer.h"
#include "utils/fibersan/output.h"
#include "utils/fibersan/reports.h"

namespace fibersan::command {
namespace {

namespace fs = std::filesystem;

struct SymbolizeArguments {
  std::vector<std::string> files;
  std::vector<std::string> folders;
  std::string symbolizer;
  std::string output = "-";
};

// All stacks of a report, wherever they are in it.
struct Stacks {
  struct Stack {
    Trace* trace;
    TraceOf what;
  };
  std::vector<Stack> stacks;
  TraceOf next = TraceOf::kEvent;

  template <class T>
  void operator()(std::string_view name, T& value) {
    const bool is_creation = name == "created" || name == "allocated";
    next = is_creation ? TraceOf::kCreation : TraceOf::kEvent;
    visit(value);
  }
  template <class T>
  void always(std::string_view, T& value) {
    visit(value);
  }
  void hex(std::string_view, uint64_t&) {}

  void visit(Trace& trace) { stacks.push_back({&trace, next}); }
  void visit(SourceFrame&) {}
  template <class T>
  void visit(std::vector<T>& list) {
    for (T& item : list) visit(item);
  }
  template <class T>
  void visit(std::optional<T>& value) {
    if (value) visit(*value);
  }
  template <class T>
  void visit(T& value) {
    if constexpr (requires(Stacks& visitor) { fields(visitor, value); }) fields(*this, value);
  }
};

bool is_unknown(const SourceFrame& frame) {
  return frame.function.empty() && frame.file.empty() && !frame.module.empty();
}

// Finds and asks for each address once.
class Resolver {
 public:
  explicit Resolver(const SymbolizeArguments& arguments)
      : folders_(arguments.folders), symbolizer_(arguments.symbolizer) {}

  // Empty: nothing is known.
  const std::vector<SourceFrame>& frames_at(const SourceFrame& frame, const Document& document) {
    auto [place, is_new] = known_.try_emplace({frame.module, frame.module_offset});
    if (!is_new) return place->second;
    const std::string file = file_of(frame.module, document);
    if (!file.empty()) place->second = symbolizer_.code(file, frame.module_offset);
    for (SourceFrame& one : place->second) {
      one.module = frame.module;
      one.module_offset = frame.module_offset;
    }
    return place->second;
  }
  std::optional<LlvmSymbolizer::Global> global_at(const SourceFrame& place,
                                                  const Document& document) {
    const std::string file = file_of(place.module, document);
    return file.empty() ? std::nullopt : symbolizer_.data(file, place.module_offset);
  }
  [[nodiscard]] const std::set<std::string>& missing() const { return missing_; }

 private:
  std::string file_of(const std::string& module, const Document& document) {
    auto [place, is_new] = files_.try_emplace({module, document.process.executable});
    if (!is_new) return place->second;
    const fs::path program(document.process.executable);
    std::vector<fs::path> candidates;
    for (const std::string& folder : folders_) candidates.push_back(fs::path(folder) / module);
    if (program.filename() == module) candidates.push_back(program);
    candidates.push_back(program.parent_path() / module);
    for (const char* folder : {"/usr/lib/x86_64-linux-gnu", "/lib/x86_64-linux-gnu", "/usr/lib"})
      candidates.push_back(fs::path(folder) / module);
    std::error_code error;
    const auto found = std::ranges::find_if(
        candidates, [&](const fs::path& path) { return fs::is_regular_file(path, error); });
    if (found != candidates.end())
      place->second = found->string();
    else
      missing_.insert(module);
    return place->second;
  }

  std::vector<std::string> folders_;
  LlvmSymbolizer symbolizer_;
  std::map<std::pair<std::string, uint64_t>, std::vector<SourceFrame>> known_;
  std::map<std::pair<std::string, std::string>, std::string> files_;
  std::set<std::string> missing_;
};

// False: nothing became known.
bool resolve(Trace& trace, TraceOf what, const Document& document, Resolver& resolver) {
  std::vector<SourceFrame> frames;
  bool any = false;
  for (const SourceFrame& frame : trace.frames) {
    const std::vector<SourceFrame>* better =
        is_unknown(frame) ? &resolver.frames_at(frame, document) : nullptr;
    if (better == nullptr || better->empty()) {
      frames.push_back(frame);
    } else {
      add_frames(frames, *better);
      any = true;
    }
  }
  if (!any) return false;
  trace.frames = std::move(frames);
  trim(trace, what);
  return true;
}

void resolve(ReportLocation& location, const Document& document, Resolver& resolver) {
  if (location.kind != ReportLocation::Kind::kGlobal || !location.global.empty()) return;
  const auto global = resolver.global_at(location.where, document);
  if (!global) return;
  location.global = global->name;
  location.size = global->size;
  location.offset = location.where.module_offset - global->start;
  location.address -= location.offset;
  location.where.module_offset = global->start;
}

bool is_at(const SourceFrame& frame, const SourceFrame& other) {
  return frame.module == other.module && frame.module_offset == other.module_offset;
}

void resolve(Report& report, const Document& document, Resolver& resolver) {
  Stacks all;
  all.visit(report);
  bool has_summary = !is_unknown(report.summary);
  for (const Stacks::Stack& stack : all.stacks) {
    const bool is_of_summary =
        !has_summary && std::ranges::any_of(stack.trace->frames, [&](const SourceFrame& frame) {
          return is_at(frame, report.summary);
        });
    if (!resolve(*stack.trace, stack.what, document, resolver) || !is_of_summary) continue;
    report.summary = summary_frame(stack.trace->frames);
    has_summary = true;
  }
  if (report.location) resolve(*report.location, document, resolver);
  report.fingerprint = fingerprint_of(report);
}

int symbolize(const SymbolizeArguments& arguments) {
  const Reports reports = read_reports(arguments.files);
  const bool any_error = tell_problems(reports);
  if (reports.files.empty()) return kUnusable;
  Resolver resolver(arguments);
  std::string text;
  for (Document& document : reports.documents()) {
    for (Report& report : document.findings) resolve(report, document, resolver);
    text += to_json(document);
  }
  for (const std::string& module : resolver.missing())
    say("there is no '" + module + "': its frames stay as they are; name its folder with --search");
  write_result(arguments.output, text);
  return any_error ? kUnusable : kSuccess;
}

}  // namespace

Action add_symbolize(CLI::App& top) {
  auto arguments = std::make_shared<SymbolizeArguments>();
  CLI::App* app = top.add_subcommand(
      "symbolize", "Add functions and lines to reports that were made with symbolize=0");
  add_report_files(*app, arguments->files);
  app->add_option("--search", arguments->folders, "Look for programs and libraries in FOLDER first")
      ->option_text("FOLDER")
      ->expected(1)
      ->take_all();
  app->add_option("--symbolizer", arguments->symbolizer,
                  "llvm-symbolizer to use (default: LLVM 19's, then the one on PATH)")
      ->option_text("FILE");
  app->add_option("-o,--output", arguments->output, "Write to FILE instead of standard output")
      ->option_text("FILE");
  app->footer("The result is JSON, which 'fibersan report -' renders.");
  return [arguments] { return symbolize(*arguments); };
}

}  // namespace fibersan::command
