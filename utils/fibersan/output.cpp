#include "utils/fibersan/output.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "utils/fibersan/command.h"

namespace fibersan::command {
namespace {

[[noreturn]] void cannot_write(const std::string& path, int error) {
  const std::string where = path == "-" ? "standard output" : "'" + path + "'";
  std::string advice = "choose another place with -o, or correct its permissions";
  if (error == ENOSPC || error == EDQUOT || error == EFBIG) {
    advice = "make room, or choose another place with -o";
  } else if (error == ENOENT) {
    advice = "create its folder first";
  }
  throw Unusable("cannot write to " + where + ": " + strerror(error) + "; " + advice);
}

// The error, or 0.
int write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = write(descriptor, text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno;
    text.remove_prefix(static_cast<size_t>(count));
  }
  return 0;
}

void write_in_place(const std::string& path, std::string_view text) {
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (file < 0) cannot_write(path, errno);
  int error = write_all(file, text);
  if (close(file) != 0 && error == 0) error = errno;
  if (error != 0) cannot_write(path, error);
}

mode_t permissions_of_new_files() {
  const mode_t mask = umask(0);
  umask(mask);
  return 0666 & ~mask;
}

void replace_file(const std::string& path, std::string_view text, mode_t mode) {
  std::string temporary = path + ".XXXXXX";
  const int file = mkostemp(temporary.data(), O_CLOEXEC);
  if (file < 0) cannot_write(path, errno);
  int error = write_all(file, text);
  if (error == 0 && fchmod(file, mode) != 0) error = errno;
  if (close(file) != 0 && error == 0) error = errno;
  if (error == 0 && rename(temporary.c_str(), path.c_str()) != 0) error = errno;
  if (error == 0) return;
  unlink(temporary.c_str());
  cannot_write(path, error);
}

}  // namespace

void write_result(const std::string& path, std::string_view text) {
  if (path == "-") {
    if (const int error = write_all(STDOUT_FILENO, text); error != 0) cannot_write(path, error);
    return;
  }
  struct stat old = {};
  if (stat(path.c_str(), &old) != 0) {
    replace_file(path, text, permissions_of_new_files());
  } else if (!S_ISREG(old.st_mode)) {
    write_in_place(path, text);  // a device or a pipe
  } else if (access(path.c_str(), W_OK) != 0) {
    cannot_write(path, errno);  // rename() would not ask
  } else {
    replace_file(path, text, old.st_mode & 07777);
  }
}

bool is_terminal() {
  const char* const kind = getenv("TERM");
  return isatty(STDOUT_FILENO) != 0 && kind != nullptr && strcmp(kind, "dumb") != 0;
}

void say(std::string_view line) {
  std::string text = "fibersan: ";
  text += line;
  text += '\n';
  static_cast<void>(write_all(STDERR_FILENO, text));
}

}  // namespace fibersan::command
