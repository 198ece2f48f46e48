// llvm_symbolizer.h: a process of llvm-symbolizer that answers questions.
//
// Errors:   Unusable: there is none, or it ended. What it does not know is an empty answer.
// Threads:  one.
#ifndef FIBERSAN_UTILS_FIBERSAN_LLVM_SYMBOLIZER_H
#define FIBERSAN_UTILS_FIBERSAN_LLVM_SYMBOLIZER_H

#include <sys/types.h>

#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include "detector/report/report.h"

namespace fibersan::command {

class LlvmSymbolizer {
 public:
  // Empty: the one of LLVM 19, then the one on PATH. Started with the first question.
  explicit LlvmSymbolizer(std::string program) : program_(std::move(program)) {}
  ~LlvmSymbolizer();
  LlvmSymbolizer(const LlvmSymbolizer&) = delete;
  LlvmSymbolizer& operator=(const LlvmSymbolizer&) = delete;

  // The frames at that place of a file, the innermost first, all but the last one inlined.
  std::vector<SourceFrame> code(const std::string& file, uint64_t offset);

  struct Global {
    std::string name;
    uint64_t start = 0;  // as a place of the file
    uint64_t size = 0;
  };
  // The global variable that has the place.
  std::optional<Global> data(const std::string& file, uint64_t offset);

 private:
  void start();
  // One line of JSON.
  std::string ask(const char* what, const std::string& file, uint64_t offset);

  std::string program_;
  pid_t pid_ = 0;
  FILE* questions_ = nullptr;
  FILE* answers_ = nullptr;
};

}  // namespace fibersan::command

#endif  // FIBERSAN_UTILS_FIBERSAN_LLVM_SYMBOLIZER_H
