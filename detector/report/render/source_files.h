// source_files.h: the source files that findings name: what they are called in the repository, and
// what is in them.
//
// Input:    names as reports have them, and the folder that a relative one is in.
// State:    each file is looked for and read once, when it is first asked for.
// Threads:  one at a time.
//
// Invariants
//   S1  A path in the repository is relative to its root, without . and .. and without links.
#ifndef FIBERSAN_DETECTOR_REPORT_RENDER_SOURCE_FILES_H
#define FIBERSAN_DETECTOR_REPORT_RENDER_SOURCE_FILES_H

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fibersan {

// Where the sources are, now and when the program was compiled.
struct SourceRoots {
  std::string root;           // of the repository, absolute; empty: unknown
  std::string compiled_root;  // what it was called for the compiler, if that was elsewhere
};

class SourceFile {
 public:
  std::string path;        // in the repository; else absolute, or as it was reported
  bool in_root = false;    // it is in the repository
  bool found = false;      // and could be read
  std::string why_not;     // it was not
  int64_t changed_ms = 0;  // last, since 1970; 0: unknown

  // From 1 on, without its end; nullopt: there is none.
  [[nodiscard]] std::optional<std::string_view> line(uint32_t number) const;
  // See line_hash.h; empty: there is no such line.
  [[nodiscard]] std::string line_hash(uint32_t number) const;

 private:
  friend class SourceFiles;
  std::string text_;
  std::vector<size_t> begins_;
  mutable std::vector<std::string> hashes_;
};

class SourceFiles {
 public:
  // Bytes; larger ones are not sources that somebody wrote.
  static constexpr size_t kMostBytes = size_t{8} << 20;

  explicit SourceFiles(SourceRoots roots);

  const SourceFile& file(const std::string& name, const std::string& directory);
  [[nodiscard]] const std::string& root() const { return root_; }  // canonical

 private:
  [[nodiscard]] std::string absolute(const std::string& name, const std::string& directory) const;
  SourceFile look_for(const std::string& name, const std::string& directory) const;

  SourceRoots roots_;
  std::string root_;
  std::map<std::pair<std::string, std::string>, SourceFile> files_;
};

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_REPORT_RENDER_SOURCE_FILES_H
