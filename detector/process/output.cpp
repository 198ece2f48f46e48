#include "detector/process/output.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cstdlib>

#include "detector/process/options.h"

namespace fibersan {
namespace {

int descriptor = -1;  // -1: not opened yet
bool lost = false;    // the log file; standard error takes its place

constexpr int kPatienceMs = 5'000;

// log_path, absolute once it was noted; with a zero.
char noted_path[PATH_MAX + 1];

FixedText own_log_name() {
  FixedText file;
  file.add(log_path()).add(".").add(static_cast<uint64_t>(getpid()));
  return file;
}

int open_output() {
  if (lost) return STDERR_FILENO;
  if (!log_is_file()) return log_path() == "stdout" ? STDOUT_FILENO : STDERR_FILENO;
  const FixedText file = own_log_name();
  FixedText terminated = file;
  terminated.add(std::string_view("", 1));
  const int opened = open(terminated.view().data(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (opened >= 0) return opened;
  log_is_lost(file.view(), errno);
  return STDERR_FILENO;
}

int output() {
  if (descriptor < 0) descriptor = open_output();
  return descriptor;
}

// A write beyond RLIMIT_FSIZE sends the thread SIGXFSZ, which would end the process.
class NoSizeSignal {
 public:
  NoSizeSignal() {
    sigemptyset(&signal_);
    sigaddset(&signal_, SIGXFSZ);
    pthread_sigmask(SIG_BLOCK, &signal_, &before_);
    sigset_t pending;
    sigpending(&pending);
    was_pending_ = sigismember(&pending, SIGXFSZ) == 1;
  }
  ~NoSizeSignal() {
    const int saved = errno;
    const timespec now = {0, 0};
    if (!was_pending_ && saved == EFBIG) sigtimedwait(&signal_, nullptr, &now);
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
    errno = saved;
  }
  NoSizeSignal(const NoSizeSignal&) = delete;
  NoSizeSignal& operator=(const NoSizeSignal&) = delete;

 private:
  sigset_t signal_, before_;
  bool was_pending_ = false;
};

}  // namespace

std::string_view log_path() {
  return noted_path[0] != '\0' ? std::string_view(noted_path) : std::string_view(options.log_path);
}

bool log_is_file() {
  return !log_path().empty() && log_path() != "stderr" && log_path() != "stdout";
}

void note_log_path() {
  noted_path[0] = '\0';
  if (!log_is_file() || options.log_path[0] == '/') return;
  if (getcwd(noted_path, sizeof noted_path) == nullptr) noted_path[0] = '\0';
  const size_t folder = strlen(noted_path);
  if (folder == 0 || folder + 1 + strlen(options.log_path) > PATH_MAX) {
    noted_path[0] = '\0';
    return;
  }
  noted_path[folder] = '/';
  memcpy(noted_path + folder + 1, options.log_path, strlen(options.log_path) + 1);
}

bool write_all(int file, std::string_view text) {
  const NoSizeSignal guard;
  errno = 0;
  while (!text.empty()) {
    const ssize_t n = write(file, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) {
      pollfd writable = {file, POLLOUT, 0};
      if (poll(&writable, 1, kPatienceMs) > 0 || errno == EINTR) continue;
    }
    if (n <= 0) return false;
    text.remove_prefix(static_cast<size_t>(n));
  }
  return true;
}

void log_is_lost(std::string_view file, int error) {
  FixedText line;
  line.add("FiberSan: cannot write reports to '").add(file).add("': ");
  line.add(strerror(error)).add("; they come here\n");
  write_all(STDERR_FILENO, line.view());
  if (descriptor > STDERR_FILENO) close(descriptor);
  descriptor = STDERR_FILENO;
  lost = true;
}

void write_report_text(std::string_view text) {
  if (write_all(output(), text) || lost || !log_is_file()) return;  // else nobody can be told
  log_is_lost(own_log_name().view(), errno);
  write_all(STDERR_FILENO, text);
}

bool output_is_coloured() {
  if (strcmp(options.color, "auto") != 0) return strcmp(options.color, "always") == 0;
  const char* terminal = getenv("TERM");
  return isatty(output()) && terminal != nullptr && strcmp(terminal, "dumb") != 0;
}

void reopen_output() {
  if (descriptor > STDERR_FILENO) close(descriptor);
  descriptor = -1;
  lost = false;
}

}  // namespace fibersan
