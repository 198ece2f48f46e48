// symbolizer.h: addresses into functions, files, lines, and names of globals.
//
// Input:    addresses of instructions (not return addresses) and of data.
// Output:   report frames, innermost first; inlined functions are frames of their own.
// State:    what was asked before; one SymbolizerProcess.
// Errors:   without a symbolizer frames have module and offset, and what the dynamic
//           symbol table says; missing() tells why, once.
// Threads:  one caller at a time.
#ifndef FIBERSAN_DETECTOR_SYMBOLIZE_SYMBOLIZER_H
#define FIBERSAN_DETECTOR_SYMBOLIZE_SYMBOLIZER_H

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "detector/report/report.h"
#include "detector/symbolize/symbolizer_process.h"

namespace fibersan {

struct SymbolizerOptions {
  bool symbolize = true;
  std::string external_symbolizer_path;
  std::string strip_path_prefix;
};

struct GlobalVariable {
  std::string name;
  uintptr_t address = 0;
  uint64_t size = 0;
  SourceFrame where;  // module, offset and, from LLVM 19's symbolizer on, declaration
};

// A variable in the frame of a function.
struct LocalVariable {
  std::string function;
  std::string name;
  int64_t offset = 0;  // from the frame pointer
  uint64_t size = 0;
  SourceFrame where;  // its declaration
};

class Symbolizer {
 public:
  explicit Symbolizer(SymbolizerOptions options, int timeout_ms = SymbolizerProcess::kTimeoutMs)
      : options_(std::move(options)), process_(options_.external_symbolizer_path, timeout_ms) {}

  // At least one frame, for any address.
  const std::vector<SourceFrame>& code(uintptr_t address);
  std::optional<GlobalVariable> data(uintptr_t address);

  // Of the function around the instruction, those whose place in the frame is one for all of it.
  std::vector<LocalVariable> locals(uintptr_t address);

  // Once, after a look-up that needed a symbolizer and found none: the line to print.
  std::optional<std::string> missing();
  void abandon_process() { process_.abandon(); }

 private:
  std::vector<SourceFrame> ask_code(uintptr_t address);
  void set_place(SourceFrame& frame, const std::string& place) const;

  SymbolizerOptions options_;
  SymbolizerProcess process_;
  std::unordered_map<uintptr_t, std::vector<SourceFrame>> known_;
  bool missing_told_ = false;
};

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_SYMBOLIZE_SYMBOLIZER_H
