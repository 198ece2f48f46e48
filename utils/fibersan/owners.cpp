#include "utils/fibersan/owners.h"

#include <algorithm>
#include <filesystem>

#include "detector/report/sections.h"

namespace fibersan::command {
namespace {

// * does not match a /, ** does; what is left of the path must begin with one.
bool matches_from(std::string_view pattern, std::string_view path) {
  if (pattern.empty()) return path.empty() || path.front() == '/';
  if (pattern.starts_with("**")) {
    pattern.remove_prefix(2);
    if (pattern.starts_with('/') && matches_from(pattern.substr(1), path)) return true;
    for (size_t i = 0; i <= path.size(); ++i)
      if (matches_from(pattern, path.substr(i))) return true;
    return false;
  }
  if (pattern.front() == '*') {
    pattern.remove_prefix(1);
    for (size_t i = 0;; ++i) {
      if (matches_from(pattern, path.substr(i))) return true;
      if (i == path.size() || path[i] == '/') return false;
    }
  }
  return !path.empty() &&
         (pattern.front() == '?' ? path.front() != '/' : pattern.front() == path.front()) &&
         matches_from(pattern.substr(1), path.substr(1));
}

bool matches(std::string_view pattern, std::string_view path) {
  if (pattern.ends_with('/')) pattern.remove_suffix(1);
  const bool anchored = pattern.find('/') != pattern.npos;
  if (pattern.starts_with('/')) pattern.remove_prefix(1);
  if (matches_from(pattern, path)) return true;
  for (size_t slash = path.find('/'); !anchored && slash != path.npos;
       slash = path.find('/', slash + 1))
    if (matches_from(pattern, path.substr(slash + 1))) return true;
  return false;
}

// As the repository has it, if it is below the current folder.
std::string in_repository(const std::string& file) {
  const std::filesystem::path path(file);
  if (!path.is_absolute()) return path.lexically_normal().string();
  std::error_code error;
  const std::filesystem::path relative =
      path.lexically_relative(std::filesystem::current_path(error));
  return relative.empty() || *relative.begin() == ".." ? file : relative.string();
}

}  // namespace

Owners::Owners(std::string_view text) {
  while (!text.empty()) {
    const size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
    line = line.substr(0, line.find('#'));
    const size_t begin = line.find_first_not_of(" \t\r");
    if (begin == line.npos) continue;
    line = line.substr(begin, line.find_last_not_of(" \t\r") + 1 - begin);
    const size_t blank = line.find_first_of(" \t");
    const size_t owners = line.find_first_not_of(" \t", blank);
    lines_.emplace_back(line.substr(0, blank), owners == line.npos ? "" : line.substr(owners));
  }
}

std::string Owners::of_file(std::string_view path) const {
  const auto last = std::find_if(lines_.rbegin(), lines_.rend(),
                                 [&](const auto& line) { return matches(line.first, path); });
  return last == lines_.rend() ? "" : last->second;
}

std::string Owners::of(const Report& report) const {
  std::string owners;
  if (!report.summary.file.empty()) owners = of_file(in_repository(report.summary.file));
  for (const ReportSection& section : sections_of(report)) {
    if (section.stack == nullptr) continue;
    for (const SourceFrame& frame : section.stack->frames) {
      if (!owners.empty()) return owners;
      if (!frame.file.empty()) owners = of_file(in_repository(frame.file));
    }
  }
  return owners;
}

}  // namespace fibersan::command
