#include "detector/clock/check.h"

#include <unistd.h>

#include <cstdlib>
#include <cstring>

namespace fibersan {
namespace {

char* append(char* out, const char* end, const char* text) {
  while (*text != '\0' && out < end) *out++ = *text++;
  return out;
}

char* append(char* out, const char* end, std::uint64_t number) {
  char digits[21];
  char* first = digits + sizeof digits - 1;
  *first = '\0';
  do {
    *--first = static_cast<char>('0' + number % 10);
    number /= 10;
  } while (number != 0);
  return append(out, end, first);
}

}  // namespace

void check_failed(const char* file, int line, const char* condition, std::uint64_t state) {
  char message[512];
  const char* end = message + sizeof message - 1;
  char* out = append(message, end, "FiberSan: internal error at ");
  const char* base = std::strrchr(file, '/');
  out = append(out, end, base != nullptr ? base + 1 : file);
  out = append(out, end, ":");
  out = append(out, end, static_cast<std::uint64_t>(line));
  out = append(out, end, ": ");
  out = append(out, end, condition);
  out = append(out, end, " (state ");
  out = append(out, end, state);
  out = append(out, end, ")");
  *out++ = '\n';
  // Nothing is left to do when even this fails.
  [[maybe_unused]] const ssize_t written =
      ::write(STDERR_FILENO, message, static_cast<std::size_t>(out - message));
  std::abort();
}

}  // namespace fibersan
