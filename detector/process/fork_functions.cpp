// fork_functions.cpp: fork() and daemon() of the program, in place of the C library's: the handlers
// of fork() do not learn that there is no child, and the parent in daemon() would end unseen.
//
// Not here: what a fork means, see fork.h.
#include <fcntl.h>
#include <unistd.h>

#include "detector/heap/real_function.h"
#include "detector/process/children.h"
#include "detector/process/end.h"

namespace {

FIBERSAN_REAL(fork);

// Standard input, output and error of a daemon.
bool redirect_to_nowhere() {
  const int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
  bool good = nowhere >= 0;
  for (int file = STDIN_FILENO; good && file <= STDERR_FILENO; ++file)
    good = dup2(nowhere, file) == file;
  if (nowhere > STDERR_FILENO) close(nowhere);
  return good;
}

}  // namespace

extern "C" {

pid_t fork() noexcept {
  const pid_t child = real_fork();
  if (child < 0) fibersan::children_after_failed_fork();
  return child;
}

int daemon(int keeps_folder, int keeps_files) noexcept {
  const pid_t child = fork();
  if (child < 0) return -1;
  if (child > 0) fibersan::leave_process(0);
  if (setsid() == -1 || (keeps_folder == 0 && chdir("/") != 0)) return -1;
  return keeps_files != 0 || redirect_to_nowhere() ? 0 : -1;
}
}
