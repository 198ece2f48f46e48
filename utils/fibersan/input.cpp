#include "utils/fibersan/input.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "utils/fibersan/command.h"

namespace fibersan::command {
namespace {

[[noreturn]] void cannot_read(const std::string& path, int error) {
  std::string advice = "give it a file that can be read";
  if (error == ENOENT) advice = "is the name right?";
  if (error == EACCES) advice = "ask for the right to read it";
  if (error == EISDIR) advice = "name a file in it";
  throw Unusable("cannot read '" + path + "': " + strerror(error) + "; " + advice);
}

}  // namespace

std::string read_file(const std::string& path) {
  const bool is_stdin = path == "-";
  const int file = is_stdin ? STDIN_FILENO : open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) cannot_read(path, errno);
  std::string text;
  struct stat status = {};
  if (fstat(file, &status) == 0 && S_ISREG(status.st_mode))
    text.reserve(static_cast<size_t>(status.st_size) + 1);
  int error = 0;
  for (;;) {
    const size_t before = text.size();
    text.resize(before + (size_t{1} << 20));
    const ssize_t count = read(file, text.data() + before, text.size() - before);
    text.resize(before + (count > 0 ? static_cast<size_t>(count) : 0));
    if (count == 0) break;
    if (count > 0 || errno == EINTR) continue;
    error = errno;
    break;
  }
  if (!is_stdin) close(file);
  if (error != 0) cannot_read(is_stdin ? "standard input" : path, error);
  return text;
}

}  // namespace fibersan::command
