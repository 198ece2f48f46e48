#include "detector/report/render/source_files.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>

#include "detector/report/render/line_hash.h"

namespace fibersan {
namespace {

namespace fs = std::filesystem;

std::string canonical(const fs::path& path) {
  std::error_code error;
  const fs::path result = fs::weakly_canonical(path, error);
  return error ? path.lexically_normal().string() : result.string();
}

// What is left of the path below the folder.
std::optional<std::string> below(const std::string& path, const std::string& folder) {
  if (folder.empty() || !path.starts_with(folder)) return std::nullopt;
  std::string_view rest = std::string_view(path).substr(folder.size());
  if (!folder.ends_with('/')) {
    if (!rest.starts_with('/')) return std::nullopt;
    rest.remove_prefix(1);
  }
  return rest.empty() ? std::nullopt : std::optional<std::string>(rest);
}

bool is_there(const fs::path& path) {
  std::error_code error;
  return fs::exists(path, error);
}

std::vector<size_t> line_begins(std::string_view text) {
  std::vector<size_t> begins = {0};
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n') begins.push_back(i + 1);
  }
  return begins;
}

}  // namespace

std::optional<std::string_view> SourceFile::line(uint32_t number) const {
  if (!found || number == 0 || number > begins_.size()) return std::nullopt;
  const size_t begin = begins_[number - 1];
  const size_t end = number == begins_.size() ? text_.size() : begins_[number] - 1;
  if (number == begins_.size() && begin == end) return std::nullopt;  // behind the last newline
  std::string_view line = std::string_view(text_).substr(begin, end - begin);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

std::string SourceFile::line_hash(uint32_t number) const {
  if (!line(number)) return "";
  if (hashes_.empty()) hashes_ = line_hashes(text_);
  return number <= hashes_.size() ? hashes_[number - 1] : "";
}

SourceFiles::SourceFiles(SourceRoots roots) : roots_(std::move(roots)) {
  if (!roots_.root.empty()) root_ = canonical(roots_.root);
}

const SourceFile& SourceFiles::file(const std::string& name, const std::string& directory) {
  const auto [place, is_new] = files_.try_emplace({name, directory});
  if (is_new) place->second = look_for(name, directory);
  return place->second;
}

std::string SourceFiles::absolute(const std::string& name, const std::string& directory) const {
  if (const auto rest = below(name, roots_.compiled_root); rest && !root_.empty())
    return (fs::path(root_) / *rest).string();
  if (fs::path(name).is_absolute()) return name;
  // Compilers are told to leave the root's name out more often than tests run elsewhere.
  if (!root_.empty() && (directory.empty() || is_there(fs::path(root_) / name)))
    return (fs::path(root_) / name).string();
  return directory.empty() ? name : (fs::path(directory) / name).string();
}

SourceFile SourceFiles::look_for(const std::string& name, const std::string& directory) const {
  SourceFile file;
  const std::string path = canonical(absolute(name, directory));
  const auto rest = below(path, root_);
  file.in_root = rest.has_value();
  file.path = rest.value_or(path);
  struct stat status{};
  if (stat(path.c_str(), &status) != 0) {
    file.why_not = std::string("cannot be read here: ") + strerror(errno);
    return file;
  }
  if (!S_ISREG(status.st_mode)) {
    file.why_not = "is no regular file";
    return file;
  }
  if (static_cast<size_t>(status.st_size) > kMostBytes) {
    file.why_not = "is larger than " + std::to_string(kMostBytes >> 20) + " MiB";
    return file;
  }
  std::ifstream stream(path, std::ios::binary);
  file.text_.assign(std::istreambuf_iterator<char>(stream), {});
  if (!stream) {
    file.why_not = std::string("cannot be read here: ") + strerror(errno);
    return file;
  }
  file.found = true;
  file.changed_ms = int64_t{status.st_mtim.tv_sec} * 1000 + status.st_mtim.tv_nsec / 1000000;
  file.begins_ = line_begins(file.text_);
  return file;
}

}  // namespace fibersan
