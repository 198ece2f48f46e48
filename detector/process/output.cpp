#include "detector/process/output.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <cstdlib>

#include "detector/process/options.h"

namespace fibersan {
namespace {

int descriptor = -1;  // -1: not opened yet

int open_output() {
  std::string path = options.log_path;
  if (path.empty() || path == "stderr") return STDERR_FILENO;
  if (path == "stdout") return STDOUT_FILENO;
  path += "." + std::to_string(getpid());
  int opened = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (opened >= 0) return opened;
  std::string line =
      "FiberSan: cannot write reports to '" + path + "': " + strerror(errno) + "; they come here\n";
  static_cast<void>(!write(STDERR_FILENO, line.data(), line.size()));
  return STDERR_FILENO;
}

int output() {
  if (descriptor < 0) descriptor = open_output();
  return descriptor;
}

}  // namespace

void write_report_text(const std::string& text) {
  size_t done = 0;
  while (done < text.size()) {
    ssize_t n = write(output(), text.data() + done, text.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return;  // nobody can be told
    done += static_cast<size_t>(n);
  }
}

bool output_is_coloured() {
  if (strcmp(options.color, "auto") != 0) return strcmp(options.color, "always") == 0;
  const char* terminal = getenv("TERM");
  return isatty(output()) && terminal != nullptr && strcmp(terminal, "dumb") != 0;
}

void reopen_output() {
  if (descriptor > STDERR_FILENO) close(descriptor);
  descriptor = -1;
}

}  // namespace fibersan
