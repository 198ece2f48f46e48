// The end of a run: the last line, what it says was forgotten, where the text goes, and that a
// finding is printed once.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

#include "detector/findings/findings.h"
#include "detector/process/end.h"
#include "detector/process/main_thread.h"
#include "detector/process/options.h"
#include "detector/process/output.h"
#include "detector/process/precision.h"

namespace fibersan {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(LastLine, IsTheContract) {
  const auto line = [](uint64_t findings, const char* precision, bool summary) {
    FixedText text;
    Document::Totals totals = {.findings = findings, .fibers = 1, .accesses = 20};
    totals.instrumented_functions = findings == 5 ? 3 : 0;
    add_last_line(text, totals, precision, {.summary = summary});
    return std::string(text.view());
  };
  EXPECT_EQ(line(1, kExact, false), "FiberSan: reported 1 warnings; precision: exact\n");
  EXPECT_EQ(line(12, "3 lanes reused", false),
            "FiberSan: reported 12 warnings; precision: 3 lanes reused\n");
  EXPECT_EQ(
      line(5, kExact, true),
      "FiberSan: reported 5 warnings; precision: exact; checked: 20 accesses recorded, 1 fiber, "
      "3 instrumented functions; verdict: fail\n");
  EXPECT_THAT(line(0, kExact, true),
              HasSubstr("; verdict: nothing checked (no instrumented function)"));
}

TEST(Precision, NamesOnlyWhatWasForgotten) {
  EXPECT_EQ(precision_text({}).view(), "exact");
  EXPECT_EQ(precision_text({{0, "lane reused", "lanes reused"}}).view(), "exact");
  EXPECT_EQ(precision_text({{1, "lane reused", "lanes reused"},
                            {0, "cell dropped", "cells dropped"},
                            {2, "foreign thread not checked", "foreign threads not checked"}})
                .view(),
            "1 lane reused, 2 foreign threads not checked");
}

TEST(MainThread, StackContainsItsLocals) {
  // A local may be elsewhere: AddressSanitizer has stacks of its own for them.
  void* const frame = __builtin_frame_address(0);
  StackBounds bounds = find_main_thread_stack();
  EXPECT_LT(bounds.low, bounds.high);
  EXPECT_TRUE(main_thread_stack_contains(reinterpret_cast<uintptr_t>(frame)));
  EXPECT_FALSE(main_thread_stack_contains(bounds.low - (1u << 30)));
  EXPECT_FALSE(main_thread_stack_contains(bounds.high));
}

// Everything that prints runs in a child with a log of its own.
class Log {
 public:
  Log() : folder_(testing::TempDir() + "process_test.XXXXXX") {
    if (mkdtemp(folder_.data()) == nullptr) abort();
  }
  ~Log() { rmdir(folder_.c_str()); }

  // Runs `body` in a child with log_path set; returns what it logged and its exit status.
  template <typename Body>
  std::string run(Body body, int* status) {
    std::string path = folder_ + "/log";
    pid_t child = fork();
    if (child == 0) {
      options = Options();
      options.log_path = path.c_str();
      options.allow_uninstrumented = 1;  // as this test is
      body();
      _exit(42);
    }
    waitpid(child, status, 0);
    std::string log = path + "." + std::to_string(child);
    std::ostringstream text;
    text << std::ifstream(log).rdbuf();
    unlink(log.c_str());
    return text.str();
  }

 private:
  std::string folder_;
};

void publish_new(uint64_t fingerprint) {
  FindingScope scope;
  if (!scope.is_new(fingerprint)) return;
  Report report;
  scope.publish(FSAN_FINDING_DATA_RACE, report);
}

size_t warnings(const std::string& text) {
  size_t count = 0;
  for (size_t at = text.find("WARNING"); at != std::string::npos;
       at = text.find("WARNING", at + 1)) {
    ++count;
  }
  return count;
}

TEST(Findings, DuplicatesArePrintedOnceAndCounted) {
  Log log;
  int status = 0;
  std::string text = log.run(
      [] {
        publish_new(1);
        publish_new(2);
        publish_new(1);
        print_last_line("exit");
        print_last_line("exit");
        _exit(findings_reported() == 2 && further_occurrences() == 1 ? 0 : 1);
      },
      &status);
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_EQ(warnings(text), 2u);
  EXPECT_THAT(text, HasSubstr("WARNING: FiberSan: data race (pid="));
  EXPECT_THAT(text, testing::EndsWith("FiberSan: reported 2 warnings; precision: exact\n"));
  EXPECT_EQ(text.find("reported 2"), text.rfind("reported 2")) << "the last line comes once";
}

TEST(Findings, ExitStatus) {
  struct Case {
    int64_t exitcode;
    bool finding;
    int status;
  };
  for (Case c : {Case{66, true, 66}, Case{3, true, 3}, Case{0, true, 42}, Case{66, false, 42}}) {
    Log log;
    int status = 0;
    log.run(
        [&] {
          options.exitcode = c.exitcode;
          if (c.finding) publish_new(1);
          process_ends();
        },
        &status);
    EXPECT_EQ(WEXITSTATUS(status), c.status) << c.exitcode;
  }
}

TEST(Findings, ACleanExactRunIsSilentUnlessAsked) {
  Log log;
  int status = 0;
  EXPECT_EQ(log.run([] { process_ends(); }, &status), "");
  EXPECT_EQ(
      log.run(
          [] {
            options.summary = "always";
            process_ends();
          },
          &status),
      "FiberSan: reported 0 warnings; precision: exact; checked: 0 accesses recorded, 0 fibers, 0 "
      "instrumented functions; verdict: nothing checked (no instrumented function)\n");
}

TEST(Findings, ARunWithoutInstrumentedFunctionsFails) {
  Log log;
  int status = 0;
  auto end = [](int64_t exitcode) {
    options.allow_uninstrumented = 0;
    options.exitcode = exitcode;
    process_ends();
  };
  const std::string text = log.run([&] { end(66); }, &status);
  EXPECT_EQ(WEXITSTATUS(status), 66);
  EXPECT_THAT(text, HasSubstr("nothing was checked"));
  EXPECT_THAT(text, testing::EndsWith("FiberSan: reported 0 warnings; precision: exact\n"));
  log.run([&] { end(0); }, &status);
  EXPECT_EQ(WEXITSTATUS(status), 42);
}

TEST(Findings, HaltOnErrorEndsAtTheFirst) {
  Log log;
  int status = 0;
  std::string text = log.run(
      [] {
        options.halt_on_error = 1;
        publish_new(1);
        publish_new(2);
      },
      &status);
  EXPECT_EQ(WEXITSTATUS(status), 66);
  EXPECT_EQ(warnings(text), 1u);
  EXPECT_THAT(text, HasSubstr("reported 1 warnings"));
}

TEST(Findings, AbortOnErrorAborts) {
  Log log;
  int status = 0;
  log.run(
      [] {
        options.abort_on_error = 1;
        publish_new(1);
        process_ends();
      },
      &status);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

TEST(Findings, AChildDoesNotInheritTheVerdict) {
  Log log;
  int status = 0;
  std::string text = log.run(
      [] {
        publish_new(1);
        findings_before_fork();
        findings_after_fork_in_child();
        process_ends();
      },
      &status);
  EXPECT_EQ(WEXITSTATUS(status), 42);
  EXPECT_THAT(text, Not(HasSubstr("reported 1")));
}

TEST(Findings, NoneInsideTheDetectorNoneWhenSwitchedOffNoneAfterTheEnd) {
  options = Options();
  EXPECT_TRUE(may_report());
  {
    InsideDetector inside;
    EXPECT_FALSE(may_report());
  }
  options.report_bugs = 0;
  EXPECT_FALSE(may_report());
  options.report_bugs = 1;
  EXPECT_TRUE(may_report());
  EXPECT_EXIT(
      {
        end_of_findings();
        _exit(may_report() ? 1 : 0);
      },
      testing::ExitedWithCode(0), "");
}

TEST(OptionsDeathTest, WordsAndRangesOfTheDetectorsOwn) {
  auto refused = [](const char* value, const char* message) {
    setenv("FIBERSAN_OPTIONS", value, 1);
    EXPECT_EXIT(read_detector_options(), testing::ExitedWithCode(1), message) << value;
  };
  refused("color=purple",
          "unusable value 'purple' for option 'color' in FIBERSAN_OPTIONS: expected auto, always, "
          "never");
  refused("format=xml", "unusable value 'xml' for option 'format'");
  refused("summary=never", "expected auto, always");
  refused("exitcode=256", "unusable value '256' for option 'exitcode' .*expected 0 to 255");
  refused("history_size=-1", "unusable value '-1' for option 'history_size'");
  refused("haltonerror=1", "did you mean 'halt_on_error'");
  unsetenv("FIBERSAN_OPTIONS");
  read_detector_options();
  EXPECT_EQ(options.exitcode, 66);
  EXPECT_EQ(options.halt_on_error, 0);
  EXPECT_STREQ(options.log_path, "stderr");
}

TEST(Output, UnwritableLogFallsBackLoudly) {
  EXPECT_EXIT(
      {
        options = Options();
        options.log_path = "/nonexistent/folder/log";
        write_report_text("the report\n");
        _exit(0);
      },
      testing::ExitedWithCode(0),
      "FiberSan: cannot write reports to '/nonexistent/folder/log\\.[0-9]+': No such file or "
      "directory; they come here\nthe report\n");
}

}  // namespace
}  // namespace fibersan
