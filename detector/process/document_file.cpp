#include "detector/process/document_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <new>
#include <span>
#include <vector>

#include "detector/findings/suppression_file.h"
#include "detector/heap/inside_detector.h"
#include "detector/process/options.h"
#include "detector/process/output.h"
#include "detector/process/run_totals.h"
#include "detector/report/json_writer.h"
#include "detector/report/last_words.h"
#include "detector/report/render_text.h"

namespace fibersan {
namespace {

constexpr unsigned kMostNames = 10'000;  // P.<pid>, P.<pid>.1, ...

int64_t now_ms(clockid_t clock) {
  timespec now;
  clock_gettime(clock, &now);
  return int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}

// With a zero at its end.
FixedText file_name(const char* suffix, unsigned number) {
  FixedText name;
  name.add(log_path()).add(".").add(static_cast<uint64_t>(getpid()));
  if (number != 0) name.add(".").add(number);
  return name.add(suffix).add(std::string_view("", 1));
}

const char* text_of(const FixedText& name) { return name.view().data(); }

// Under the first name that is free (J3); the name's number, or -1 and errno.
int rename_to_free_name(const char* from, const char* suffix) {
  for (unsigned number = 0; number < kMostNames; ++number) {
    const FixedText name = file_name(suffix, number);
    if (renameat2(AT_FDCWD, from, AT_FDCWD, text_of(name), RENAME_NOREPLACE) == 0)
      return static_cast<int>(number);
    if (errno == EEXIST) continue;
    if (errno != EINVAL && errno != ENOSYS) return -1;
    // A file system that cannot do it in one step.
    if (access(text_of(name), F_OK) == 0) continue;
    return rename(from, text_of(name)) == 0 ? static_cast<int>(number) : -1;
  }
  errno = EEXIST;
  return -1;
}

// Never destroyed: findings come until the very end.
struct State {
  Document::Process process;
  std::vector<Document::Message> messages;
};
State* state = nullptr;

int file = -1;
bool is_lost = false;
bool begun = false;
uint64_t findings = 0;
int64_t started_at = 0;  // as the monotonic clock goes
bool paused = false;     // it has its end already
off_t end_begins = 0;    // in the file, while another program may take over
int end_name = 0;

struct StringSink {
  std::string text;
  void add(std::string_view more) { text += more; }
};

// For where nothing may be allocated.
class FileSink {
 public:
  void add(std::string_view text) {
    for (; !text.empty(); text.remove_prefix(std::min(text.size(), FixedText::kMax))) {
      const std::string_view part = text.substr(0, FixedText::kMax);
      if (text_.view().size() + part.size() > FixedText::kMax) flush();
      text_.add(part);
    }
  }
  // False: something was not written, and errno says why.
  bool finish() {
    flush();
    errno = error_;
    return error_ == 0;
  }

 private:
  void flush() {
    if (error_ == 0 && !write_all(file, text_.view())) error_ = errno;
    text_ = FixedText();
  }
  FixedText text_;
  int error_ = 0;
};

std::string content(const char* name) {
  std::string text;
  const int from = open(name, O_RDONLY | O_CLOEXEC);
  char part[4096];
  for (ssize_t count; from >= 0 && (count = read(from, part, sizeof part)) > 0;)
    text.append(part, static_cast<size_t>(count));
  if (from >= 0) close(from);
  return text;
}

std::vector<std::string> arguments_of(const std::string& command_line) {
  std::vector<std::string> arguments;
  for (size_t at = 0; at < command_line.size();) {
    const size_t end = std::min(command_line.find('\0', at), command_line.size());
    arguments.push_back(command_line.substr(at, end - at));
    at = end + 1;
  }
  return arguments;
}

void note_process_itself() {
  Document::Process& process = state->process;
  process.pid = getpid();
  process.parent_pid = getppid();
  process.started_ms = now_ms(CLOCK_REALTIME);
  started_at = now_ms(CLOCK_MONOTONIC);
}

void note_program() {
  Document::Process& process = state->process;
  char path[4096];
  const ssize_t length = readlink("/proc/self/exe", path, sizeof path);
  if (length > 0) process.executable.assign(path, static_cast<size_t>(length));
  if (getcwd(path, sizeof path) != nullptr) process.directory = path;
  process.arguments = arguments_of(content("/proc/self/cmdline"));
  for (const auto& [name, text] : {std::pair("FIBERSAN_OPTIONS", &process.options),
                                   std::pair("FIBER_OPTIONS", &process.runtime_options)}) {
    if (const char* const value = getenv(name)) *text = value;
  }
}

// errno says what did not work.
void lose() {
  const int error = errno;
  is_lost = true;
  const FixedText name = file_name(".partial", 0);
  log_is_lost(name.view().substr(0, name.view().size() - 1), error);
}

bool open_file() {
  if (!log_is_file()) {
    file = log_path() == "stdout" ? STDOUT_FILENO : STDERR_FILENO;
    return true;
  }
  const FixedText name = file_name(".partial", 0);
  for (int tries = 0; tries < 2; ++tries) {
    file = open(text_of(name), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (file >= 0) return true;
    // Of a process that was killed (J3).
    if (errno != EEXIST || rename_to_free_name(text_of(name), ".killed.partial") < 0) return false;
  }
  return false;
}

bool begin() {
  if (begun) return true;
  if (!open_file()) return false;
  begun = true;
  StringSink sink;
  write_begin(sink, FIBERSAN_VERSION, state->process, text_shape());
  return write_all(file, sink.text);
}

}  // namespace

Document::TextShape text_shape() {
  return {.verbose = options.verbosity > 0,
          .summary = strcmp(options.summary, "always") == 0,
          .suppressions = options.print_suppressions != 0};
}

bool writes_document() { return state != nullptr && !is_lost; }

void begin_document() {
  if (strcmp(options.format, "json") != 0) return;
  const InsideDetector inside;
  alignas(State) static char place[sizeof(State)];
  state = new (place) State;
  note_process_itself();
  note_program();
  if (log_is_file() && !begin()) lose();
}

void add_to_document(const Report& report) {
  Report dated = report;
  dated.at_ms = static_cast<uint64_t>(now_ms(CLOCK_MONOTONIC) - started_at);
  StringSink sink;
  write_finding(sink, dated, findings == 0);
  if (begin() && write_all(file, sink.text)) {
    ++findings;
    return;
  }
  lose();
  write_report_text(
      render_text(report, {.color = output_is_coloured(), .fingerprint = options.verbosity > 0}));
}

void add_message_to_document(const std::string& line) {
  state->messages.push_back({findings, line});
}

bool end_document(std::string_view by, const Document::Totals& totals, std::string_view precision,
                  bool complete) {
  if (paused) return true;  // a signal came before the other program
  if (!log_is_file() && !begun && !wants_last_line(totals, precision, text_shape())) return true;
  const auto fails = [] { return lose(), false; };
  if (!begin()) return fails();
  FileSink sink;
  write_end(sink, {.pid = state->process.pid,
                   .by = by,
                   .duration_ms = now_ms(CLOCK_MONOTONIC) - started_at,
                   .seed = last_run_seed(),
                   .processors = last_run_processors(),
                   .totals = totals,
                   .precision = precision,
                   .messages = state->messages,
                   .suppressions = suppression_lines(),
                   .complete = complete});
  if (!sink.finish()) return fails();
  if (!log_is_file()) return true;
  end_name = rename_to_free_name(text_of(file_name(".partial", 0)), "");  // J2
  return end_name >= 0 ? true : fails();
}

void document_after_fork() {
  if (state == nullptr) return;
  if (begun && file > STDERR_FILENO) close(file);
  file = -1;
  begun = is_lost = false;
  findings = 0;
  state->messages.clear();
  note_process_itself();
}

void document_pauses(const Document::Totals& totals, std::string_view precision) {
  // A child that only executes another program has nothing to say.
  if (!begun) return;
  end_begins = log_is_file() ? lseek(file, 0, SEEK_CUR) : 0;
  paused = end_document("exec", totals, precision, true);
}

void document_goes_on() {
  if (!paused) return;
  paused = false;
  if (!log_is_file()) {
    begun = false;  // a second document on the stream
    findings = 0;
    return;
  }
  const FixedText name = file_name("", static_cast<unsigned>(end_name));
  if (ftruncate(file, end_begins) != 0 || lseek(file, end_begins, SEEK_SET) != end_begins ||
      rename(text_of(name), text_of(file_name(".partial", 0))) != 0)
    lose();
}

}  // namespace fibersan
