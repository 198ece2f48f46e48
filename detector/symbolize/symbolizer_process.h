// symbolizer_process.h: one llvm-symbolizer, asked line by line.
//
// State:    a child process and the socket to it; started at the first question, started
//           again once if it died. One that gives no whole answer in time is given up.
// Errors:   answers are absent; failure() then says why in words.
// Cost:     30 us for a question, so asking for one at a time is fast enough.
// Threads:  one caller at a time.
// Not here: what is asked, see symbolizer.h.
//
// Invariants
//   Y1  The program under test does not notice the child: no SIGCHLD, no result in its
//       wait(), no descriptor below 64 used, no SIGPIPE.
//   Y2  The child inherits neither our descriptors nor LD_PRELOAD, and asks no server.
#ifndef FIBERSAN_DETECTOR_SYMBOLIZE_SYMBOLIZER_PROCESS_H
#define FIBERSAN_DETECTOR_SYMBOLIZE_SYMBOLIZER_PROCESS_H

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace fibersan {

class SymbolizerProcess {
 public:
  static constexpr int kTimeoutMs = 60'000;  // a large program's debug information takes seconds

  // An empty path: the usual places are searched.
  explicit SymbolizerProcess(std::string path, int timeout_ms = kTimeoutMs)
      : path_(std::move(path)), timeout_ms_(timeout_ms) {}
  ~SymbolizerProcess() { stop(); }
  SymbolizerProcess(const SymbolizerProcess&) = delete;
  SymbolizerProcess& operator=(const SymbolizerProcess&) = delete;

  // `question` without its newline. The lines of the answer without the empty one that
  // ends it.
  std::optional<std::vector<std::string>> ask(const std::string& question);

  // Why there will be no answers; empty as long as there may be.
  const std::string& failure() const { return failure_; }
  // Whether there was a program to ask.
  bool was_started() const { return was_started_; }
  pid_t pid() const { return pid_; }

  // In a forked child: the symbolizer belongs to the parent.
  void abandon() { stop(); }

 private:
  bool start();
  void stop();
  bool send_all(const std::string& text);
  std::optional<std::vector<std::string>> read_answer();
  // More of the answer, until the deadline; false: there will be none.
  bool receive(std::string& text, int64_t deadline_ms);

  std::string path_;
  int timeout_ms_;
  std::string failure_;
  int socket_ = -1;
  pid_t pid_ = -1;
  bool was_started_ = false;
  bool tried_again_ = false;
};

// external_symbolizer_path if set, else the first of llvm-symbolizer-19 (PATH), the one of
// Debian's llvm-19, llvm-symbolizer (PATH). Empty when there is none.
std::string find_symbolizer(const std::string& external_symbolizer_path);

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_SYMBOLIZE_SYMBOLIZER_PROCESS_H
