#include "detector/process/output.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include <cstdlib>

#include "detector/process/fixed_text.h"
#include "detector/process/options.h"

namespace fibersan {
namespace {

int descriptor = -1;  // -1: not opened yet

constexpr int kPatienceMs = 5'000;

int open_output() {
  const std::string_view path = options.log_path;
  if (path.empty() || path == "stderr") return STDERR_FILENO;
  if (path == "stdout") return STDOUT_FILENO;
  FixedText file;
  file.add(path.substr(0, PATH_MAX / 4)).add(".").add(static_cast<uint64_t>(getpid()));
  FixedText terminated = file;
  terminated.add(std::string_view("", 1));
  int opened = open(terminated.view().data(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (opened >= 0) return opened;
  FixedText line;
  line.add("FiberSan: cannot write reports to '").add(file.view()).add("': ");
  line.add(strerror(errno)).add("; they come here\n");
  static_cast<void>(!write(STDERR_FILENO, line.view().data(), line.view().size()));
  return STDERR_FILENO;
}

int output() {
  if (descriptor < 0) descriptor = open_output();
  return descriptor;
}

}  // namespace

void write_report_text(std::string_view text) {
  while (!text.empty()) {
    ssize_t n = write(output(), text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) {
      pollfd writable = {output(), POLLOUT, 0};
      if (poll(&writable, 1, kPatienceMs) > 0 || errno == EINTR) continue;
    }
    if (n <= 0) return;  // nobody can be told
    text.remove_prefix(static_cast<size_t>(n));
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
