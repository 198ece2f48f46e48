#include "detector/findings/suppression_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <new>
#include <optional>
#include <string>

#include "detector/heap/inside_detector.h"
#include "detector/process/options.h"
#include "detector/report/suppressions.h"

namespace fibersan {
namespace {

// Never destroyed: findings come until the very end. Null: there is no file.
Suppressions* suppressions = nullptr;

[[noreturn]] void refuse(const std::string& what, const std::string& why) {
  fprintf(stderr, "FiberSan: %s: %s\n", what.c_str(), why.c_str());
  fflush(stderr);
  _exit(1);
}

std::string content(const char* name, const std::string& what) {
  const int file = open(name, O_RDONLY | O_CLOEXEC);
  if (file < 0) refuse(what, std::string("cannot open it: ") + strerror(errno));
  std::string text;
  char part[4096];
  for (;;) {
    const ssize_t count = read(file, part, sizeof part);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) refuse(what, std::string("cannot read it: ") + strerror(errno));
    if (count == 0) break;
    text.append(part, static_cast<size_t>(count));
  }
  close(file);
  return text;
}

// As 2031-01-31, where the clocks of all machines agree.
std::string today() {
  const time_t now = time(nullptr);
  tm parts;
  gmtime_r(&now, &parts);
  char text[16];
  strftime(text, sizeof text, "%Y-%m-%d", &parts);
  return text;
}

Suppressions& made() {
  alignas(Suppressions) static char place[sizeof(Suppressions)];
  if (suppressions == nullptr) suppressions = new (place) Suppressions;
  return *suppressions;
}

void say(const Document::Suppression& line, const std::string& what) {
  fprintf(stderr, "FiberSan: the suppression %s:%s (%s line %llu) %s\n", line.type.c_str(),
          line.pattern.c_str(), line.file.empty() ? "of the program," : line.file.c_str(),
          static_cast<unsigned long long>(line.line), what.c_str());
}

}  // namespace

void load_suppressions(const char* own) {
  const InsideDetector inside;
  if (own != nullptr) {
    if (const std::optional<std::string> wrong = made().parse(own, "", today()))
      refuse("__fibersan_default_suppressions()", *wrong);
  }
  if (const char* const file = options.suppressions; file[0] != '\0') {
    const std::string what = std::string("suppressions=") + file + " in FIBERSAN_OPTIONS";
    if (const std::optional<std::string> wrong = made().parse(content(file, what), file, today()))
      refuse(what, *wrong);
  }
  for (const Document::Suppression& line : suppression_lines()) {
    if (line.expired) say(line, "expired on " + line.expires + " and suppresses nothing");
    if (line.reason.empty() && options.verbosity > 0)
      say(line, "has no reason: say why in a comment above, # reason: ...");
  }
}

bool is_suppressed(const Report& report) {
  return suppressions != nullptr &&
         suppressions->match(suppression_type_of(report.kind), report) != nullptr;
}

std::span<const Document::Suppression> suppression_lines() {
  if (suppressions == nullptr) return {};
  return suppressions->all();
}

}  // namespace fibersan
