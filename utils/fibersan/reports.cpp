#include "utils/fibersan/reports.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <set>
#include <tuple>
#include <utility>

#include "detector/report/json.h"
#include "utils/fibersan/command.h"
#include "utils/fibersan/input.h"
#include "utils/fibersan/output.h"

namespace fibersan::command {
namespace {

namespace fs = std::filesystem;

constexpr const char* kHow =
    "FIBERSAN_OPTIONS=format=json:log_path=P makes a run write P.<pid> for each process";

// Of P.<pid> and P.<pid>.partial, which a process writes until it ends.
std::optional<uint64_t> process_of(std::string_view name) {
  constexpr std::string_view kPartial = ".partial";
  if (name.ends_with(kPartial)) name.remove_suffix(kPartial.size());
  const size_t dot = name.rfind('.');
  if (dot == std::string_view::npos || dot + 1 == name.size()) return std::nullopt;
  uint64_t pid = 0;
  const char* const end = name.data() + name.size();
  const auto [stop, error] = std::from_chars(name.data() + dot + 1, end, pid);
  if (error != std::errc() || stop != end) return std::nullopt;
  return pid;
}

std::string stem_of(std::string_view name) {
  return std::string(name.substr(
      0, name.find_last_of('.', name.ends_with(".partial") ? name.size() - 9 : name.size())));
}

// L1.
bool comes_before(const fs::path& a, const fs::path& b) {
  const auto key = [](const fs::path& path) {
    const std::string name = path.filename().string();
    const std::optional<uint64_t> pid = process_of(name);
    return std::tuple(path.parent_path().string(), pid ? stem_of(name) : name, pid.value_or(0),
                      name);
  };
  return key(a) < key(b);
}

std::vector<fs::path> sorted(std::vector<fs::path> paths) {
  std::ranges::sort(paths, comes_before);
  return paths;
}

std::vector<fs::path> reports_in(const fs::path& folder) {
  std::vector<fs::path> found;
  std::error_code error;
  for (fs::recursive_directory_iterator it(folder, error), end; !error && it != end;
       it.increment(error)) {
    const std::string name = it->path().filename().string();
    const bool is_named_so = process_of(name).has_value() || it->path().extension() == ".json";
    if (is_named_so && it->is_regular_file(error)) found.push_back(it->path());
  }
  if (error)
    throw Unusable("cannot read the folder '" + folder.string() + "': " + error.message() +
                   "; ask for the right to read it");
  if (found.empty())
    throw Unusable("the folder '" + folder.string() +
                   "' has no reports, which are called P.<pid> or "
                   "*.json; " +
                   kHow);
  return sorted(std::move(found));
}

std::vector<fs::path> processes_of(const std::string& prefix) {
  std::vector<fs::path> found;
  const fs::path path(prefix);
  const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename().string();
    if (process_of(name) && stem_of(name) == path.filename())
      found.push_back(path.has_parent_path() ? it->path() : fs::path(name));
  }
  return sorted(std::move(found));
}

std::vector<std::string> files_of(const std::string& name) {
  if (name == "-") return {name};
  std::error_code error;
  std::vector<fs::path> paths;
  if (fs::is_directory(name, error)) {
    paths = reports_in(name);
  } else if (fs::exists(name, error) || error) {
    paths = {name};
  } else {
    paths = processes_of(name);
    if (paths.empty())
      throw Unusable("there is no report '" + name + "', nor a '" + name +
                     ".<pid>'; is the name right? " + kHow);
  }
  std::vector<std::string> files;
  for (const fs::path& path : paths) files.push_back(path.string());
  return files;
}

bool is_text_log(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return false;
  if (text[begin] == '{' || text[begin] == '[' ||
      text.substr(begin).starts_with("\x7f"
                                     "ELF"))
    return false;
  return text.find("FiberSan: ") != std::string_view::npos;
}

ReportFile read_report(const std::string& path, TextLogs text) {
  ReportFile file;
  file.path = path == "-" ? "standard input" : path;
  const std::string content = read_file(path);
  if (text == TextLogs::kRead && is_text_log(content)) {
    file.text = read_text_log(content);
    return file;
  }
  DocumentsRead read = recover_documents(content);
  if (!read.error.empty()) throw Unusable("cannot use '" + file.path + "': " + read.error);
  file.documents = std::move(read.documents);
  const bool all_complete = std::ranges::all_of(file.documents, &Document::complete);
  if (read.truncated) {
    file.not_whole = "it ends too early";
  } else if (!all_complete) {
    file.not_whole = "a process was killed before its end";
  }
  return file;
}

// The number before some words, such as 7 of "7 instrumented functions".
std::optional<uint64_t> number_before(std::string_view line, std::string_view words) {
  const size_t at = line.find(words);
  if (at == std::string_view::npos) return std::nullopt;
  size_t begin = at;
  while (begin > 0 && line[begin - 1] >= '0' && line[begin - 1] <= '9') --begin;
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(line.data() + begin, line.data() + at, number);
  if (begin == at || error != std::errc()) return std::nullopt;
  return number;
}

}  // namespace

std::vector<Document> Reports::documents() const {
  std::vector<Document> all;
  for (const ReportFile& file : files)
    all.insert(all.end(), file.documents.begin(), file.documents.end());
  return all;
}

TextLog read_text_log(std::string_view text) {
  TextLog log;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.find("WARNING: FiberSan: ") != std::string_view::npos) ++log.findings;
    constexpr std::string_view kFingerprint = "  [fingerprint: ";
    if (line.starts_with(kFingerprint) && line.ends_with(']'))
      log.fingerprints.emplace_back(
          line.substr(kFingerprint.size(), line.size() - kFingerprint.size() - 1));
    if (line.starts_with("FiberSan: reported ")) {
      log.has_last_line = true;
      log.functions = number_before(line, " instrumented function");
    }
  }
  return log;
}

Reports read_reports(const std::vector<std::string>& names, TextLogs text) {
  Reports reports;
  std::set<std::string> known;
  for (const std::string& name : names) {
    try {
      for (const std::string& path : files_of(name)) {
        if (!known.insert(path).second) continue;  // L2
        try {
          reports.files.push_back(read_report(path, text));
        } catch (const Unusable& error) {
          reports.errors.emplace_back(error.what());
        }
      }
    } catch (const Unusable& error) {
      reports.errors.emplace_back(error.what());
    }
  }
  return reports;
}

bool tell_problems(const Reports& reports) {
  for (const std::string& error : reports.errors) say(error);
  for (const ReportFile& file : reports.files) {
    if (file.not_whole.empty()) continue;
    size_t findings = 0;
    for (const Document& document : file.documents) findings += document.findings.size();
    say("'" + file.path + "' is not whole: " + file.not_whole + "; " + std::to_string(findings) +
        (findings == 1 ? " finding of it is used" : " findings of it are used"));
  }
  return !reports.errors.empty();
}

}  // namespace fibersan::command
