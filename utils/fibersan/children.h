// children.h: processes that run a command, each with a seed and a place for its reports.
//
// Output:   of each its reports at <prefix>.<pid>, what it printed in <prefix>.out, and how it
//           ended. SIGINT and SIGTERM to us end all of them.
// Threads:  one.
#ifndef FIBERSAN_UTILS_FIBERSAN_CHILDREN_H
#define FIBERSAN_UTILS_FIBERSAN_CHILDREN_H

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace fibersan::command {

struct FinishedChild {
  uint64_t seed = 0;
  bool ended_well = false;  // with status 0
  std::string how;          // "ended with status 3", "was killed by signal 9", ...
};

class Children {
 public:
  // `seconds`: after which one is killed; 0: never.
  Children(std::vector<std::string> command, unsigned seconds);
  ~Children();
  Children(const Children&) = delete;
  Children& operator=(const Children&) = delete;

  // Unusable: the command cannot be started.
  void start(uint64_t seed, const std::string& prefix);
  // There is one.
  FinishedChild wait_for_one();
  void kill_all();

  [[nodiscard]] size_t count() const { return running_.size(); }
  [[nodiscard]] bool interrupted() const;

 private:
  using Clock = std::chrono::steady_clock;
  struct Running {
    pid_t pid = 0;
    uint64_t seed = 0;
    Clock::time_point started;
    bool timed_out = false;
  };
  void kill_overdue();

  std::vector<std::string> command_;
  std::chrono::seconds limit_;
  std::vector<Running> running_;
};

}  // namespace fibersan::command

#endif  // FIBERSAN_UTILS_FIBERSAN_CHILDREN_H
