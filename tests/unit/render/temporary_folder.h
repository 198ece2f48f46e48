// temporary_folder.h: a folder with the sources of samples.h, gone after the test.
#ifndef FIBERSAN_TESTS_UNIT_RENDER_TEMPORARY_FOLDER_H
#define FIBERSAN_TESTS_UNIT_RENDER_TEMPORARY_FOLDER_H

#include <cstdlib>
#include <filesystem>
#include <string>

#include "tests/unit/render/samples.h"

namespace fibersan::samples {

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "fsan render XXXXXX").string();
    path_ = std::filesystem::canonical(mkdtemp(name.data())).string();
    write_sources(path_);
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace fibersan::samples

#endif  // FIBERSAN_TESTS_UNIT_RENDER_TEMPORARY_FOLDER_H
