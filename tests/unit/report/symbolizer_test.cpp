// Addresses of this very program, asked of the real llvm-symbolizer, and of one that is not there.
#include "detector/symbolize/symbolizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "detector/history/frames.h"
#include "detector/symbolize/elf_symbols.h"
#include "detector/symbolize/modules.h"
#include "detector/symbolize/trace.h"

extern "C" const char __executable_start, etext;  // the linker's

namespace symbolizer_test {

int shown_global[5] = {1};

namespace {
int hidden_global = 2;
}  // namespace

__attribute__((noinline)) fibersan::Stack stack_here() {
  char here;
  auto low = reinterpret_cast<uintptr_t>(&here);
  return fibersan::walk_frames(__builtin_frame_address(0),
                               reinterpret_cast<uintptr_t>(__builtin_return_address(0)),
                               {low - 4096, low + 65536});
}

constexpr uint32_t kInlinedLine = __LINE__ + 1;
__attribute__((always_inline)) inline fibersan::Stack inlined_call() { return stack_here(); }

constexpr uint32_t kOuterLine = __LINE__ + 2;
__attribute__((noinline)) fibersan::Stack outer_call() {
  fibersan::Stack stack = inlined_call();
  asm volatile("" ::: "memory");
  return stack;
}

}  // namespace symbolizer_test

namespace fibersan {
namespace {

using testing::HasSubstr;

TEST(Symbolizer, FunctionsLinesColumnsAndInlinedFrames) {
  Symbolizer symbolizer{SymbolizerOptions{}};
  Trace trace = make_trace(symbolizer, symbolizer_test::outer_call());
  ASSERT_FALSE(symbolizer.missing()) << "these tests need llvm-symbolizer";
  ASSERT_GE(trace.frames.size(), 2u);
  EXPECT_EQ(trace.frames[0].function, "symbolizer_test::inlined_call()");
  EXPECT_THAT(trace.frames[0].file, testing::EndsWith("symbolizer_test.cpp"));
  EXPECT_EQ(trace.frames[0].line, symbolizer_test::kInlinedLine);
  EXPECT_GT(trace.frames[0].column, 0u);
  EXPECT_TRUE(trace.frames[0].inlined);
  EXPECT_EQ(trace.frames[1].function, "symbolizer_test::outer_call()");
  EXPECT_EQ(trace.frames[1].line, symbolizer_test::kOuterLine);
  EXPECT_FALSE(trace.frames[1].inlined);
  EXPECT_THAT(trace.frames[1].module, HasSubstr("unit_symbolize"));
}

TEST(Symbolizer, StripsThePathPrefix) {
  Symbolizer plain{SymbolizerOptions{}};
  Stack stack = symbolizer_test::outer_call();
  std::string file = make_trace(plain, stack).frames[0].file;
  std::string prefix = file.substr(0, file.rfind('/') + 1);
  Symbolizer stripping{SymbolizerOptions{true, "", prefix}};
  EXPECT_EQ(make_trace(stripping, stack).frames[0].file, "symbolizer_test.cpp");
}

TEST(Symbolizer, Globals) {
  Symbolizer symbolizer{SymbolizerOptions{}};
  auto address = reinterpret_cast<uintptr_t>(&symbolizer_test::shown_global[0]);
  auto global = symbolizer.data(address + 9);
  ASSERT_TRUE(global);
  EXPECT_EQ(global->name, "symbolizer_test::shown_global");
  EXPECT_EQ(global->address, address);
#if __has_feature(address_sanitizer)
  EXPECT_GT(global->size, 20u) << "with AddressSanitizer's red zone";
#else
  EXPECT_EQ(global->size, 20u);
#endif
  EXPECT_THAT(global->where.file, testing::EndsWith("symbolizer_test.cpp"));
  auto hidden = symbolizer.data(reinterpret_cast<uintptr_t>(&symbolizer_test::hidden_global));
  ASSERT_TRUE(hidden);
  EXPECT_EQ(hidden->name, "symbolizer_test::(anonymous namespace)::hidden_global");
  int local = symbolizer_test::hidden_global;
  EXPECT_FALSE(symbolizer.data(reinterpret_cast<uintptr_t>(&local)));
  EXPECT_FALSE(symbolizer.data(reinterpret_cast<uintptr_t>(&symbolizer_test::outer_call)))
      << "code is no global";
}

TEST(Symbolizer, SharedLibraries) {
  Symbolizer symbolizer{SymbolizerOptions{}};
  auto in_libc = reinterpret_cast<uintptr_t>(&::getpid);
  EXPECT_THAT(symbolizer.code(in_libc)[0].module, HasSubstr("libc"));
  EXPECT_THAT(symbolizer.code(in_libc)[0].function, HasSubstr("getpid"));
}

TEST(Symbolizer, AddressesOfNothing) {
  Symbolizer symbolizer{SymbolizerOptions{}};
  ASSERT_EQ(symbolizer.code(0x10).size(), 1u);
  EXPECT_EQ(symbolizer.code(0x10)[0].function, "");
  EXPECT_EQ(symbolizer.code(0x10)[0].module_offset, 0x10u);
}

TEST(Symbolizer, MissingIsSaidOnceAndOffsetsRemain) {
  Symbolizer symbolizer{SymbolizerOptions{true, "/nonexistent/llvm-symbolizer", ""}};
  EXPECT_FALSE(symbolizer.missing()) << "nothing was asked yet";
  Trace trace = make_trace(symbolizer, symbolizer_test::outer_call());
  ASSERT_FALSE(trace.frames.empty());
  EXPECT_EQ(trace.frames[0].file, "");
  EXPECT_THAT(trace.frames[0].module, HasSubstr("unit_symbolize"));
  EXPECT_NE(trace.frames[0].module_offset, 0u);
  auto line = symbolizer.missing();
  ASSERT_TRUE(line);
  EXPECT_THAT(*line,
              testing::StartsWith("FiberSan: no llvm-symbolizer found (Debian package llvm-19): "));
  EXPECT_THAT(*line, HasSubstr("'/nonexistent/llvm-symbolizer' cannot be run: No such file"));
  EXPECT_FALSE(symbolizer.missing());
}

TEST(Symbolizer, SwitchedOffIsNotMissing) {
  Symbolizer symbolizer{SymbolizerOptions{false, "/nonexistent", ""}};
  EXPECT_EQ(make_trace(symbolizer, symbolizer_test::outer_call()).frames[0].file, "");
  EXPECT_FALSE(symbolizer.missing());
}

TEST(SymbolizerProcess, IsStartedAgainWhenItDies) {
  SymbolizerProcess process("");
  auto module = find_module(reinterpret_cast<uintptr_t>(&symbolizer_test::outer_call));
  std::string question = "CODE \"" + module->path + "\" 0x10";
  ASSERT_TRUE(process.ask(question));
  pid_t first = process.pid();
  kill(first, SIGKILL);
  ASSERT_TRUE(process.ask(question));
  EXPECT_NE(process.pid(), first);
}

TEST(SymbolizerProcess, AProgramThatAnswersNothingIsAFailure) {
  SymbolizerProcess process("/bin/true");
  EXPECT_FALSE(process.ask("CODE \"x\" 0x10"));
  EXPECT_THAT(process.failure(), HasSubstr("twice"));
  EXPECT_FALSE(process.ask("CODE \"x\" 0x10"));
}

// A program in the place of llvm-symbolizer, a shell script.
class FakeSymbolizer {
 public:
  explicit FakeSymbolizer(const std::string& script) {
    EXPECT_NE(mkdtemp(folder_.data()), nullptr);
    path = folder_ + "/fake";
    log = folder_ + "/log";
    std::ofstream(path) << "#!/bin/sh\nlog=" << log << "\n" << script << "\n";
    chmod(path.c_str(), 0755);
  }
  ~FakeSymbolizer() {
    unlink(path.c_str());
    unlink(log.c_str());
    rmdir(folder_.c_str());
  }
  std::string logged() const {
    std::stringstream text;
    text << std::ifstream(log).rdbuf();
    return text.str();
  }

  std::string path;
  std::string log;

 private:
  std::string folder_ = testing::TempDir() + "fake_symbolizer.XXXXXX";
};

// Every kind of failure: frames still have module and offset, and it is said once, in words.
void expect_offsets_only(const std::string& script, const char* words) {
  FakeSymbolizer fake(script);
  Symbolizer symbolizer(SymbolizerOptions{true, fake.path, ""}, 300);
  for (int i = 0; i < 3; ++i) {
    Trace trace = make_trace(symbolizer, symbolizer_test::outer_call());
    ASSERT_FALSE(trace.frames.empty());
    EXPECT_EQ(trace.frames[0].file, "") << script;
    EXPECT_THAT(trace.frames[0].module, HasSubstr("unit_symbolize"));
    EXPECT_NE(trace.frames[0].module_offset, 0u);
  }
  auto line = symbolizer.missing();
  ASSERT_TRUE(line) << script;
  EXPECT_THAT(*line, testing::StartsWith("FiberSan: llvm-symbolizer does not answer: "));
  EXPECT_THAT(*line, HasSubstr(words));
  EXPECT_FALSE(symbolizer.missing());
}

TEST(Symbolizer, OneThatHangsIsGivenUp) {
  expect_offsets_only("exec sleep 60", "no answer in 0 s");
}
TEST(Symbolizer, OneThatHangsInTheMiddleOfAnAnswerIsGivenUp) {
  expect_offsets_only("read line; echo function; exec sleep 60", "no answer in 0 s");
}
TEST(Symbolizer, OneThatTalksForEverIsGivenUp) {
  expect_offsets_only("exec yes function", "its answer has no end");
}
TEST(Symbolizer, OneThatDiesIsGivenUp) { expect_offsets_only("read line; kill -SEGV $$", "twice"); }

TEST(Symbolizer, GarbageIsNoLine) {
  FakeSymbolizer fake("while read line; do printf 'banana\\n\\n'; done");
  Symbolizer symbolizer{SymbolizerOptions{true, fake.path, ""}};
  Trace trace = make_trace(symbolizer, symbolizer_test::outer_call());
  ASSERT_FALSE(trace.frames.empty());
  EXPECT_EQ(trace.frames[0].file, "");
  EXPECT_THAT(trace.frames[0].module, HasSubstr("unit_symbolize"));
}

TEST(Symbolizer, EachAddressIsAskedOnceAndWithoutServers) {
  setenv("DEBUGINFOD_URLS", "http://127.0.0.1:9/", 1);
  FakeSymbolizer fake(
      "echo \"arguments $@\" > $log; env >> $log\n"
      "while read line; do echo \"$line\" >> $log; printf 'f\\na.cpp:1:2\\n\\n'; done");
  Symbolizer symbolizer{SymbolizerOptions{true, fake.path, ""}};
  const auto begin = reinterpret_cast<uintptr_t>(&symbolizer_test::outer_call);
  for (int round = 0; round < 3; ++round)
    for (uintptr_t i = 0; i < 100; ++i) EXPECT_EQ(symbolizer.code(begin + i)[0].line, 1u);
  unsetenv("DEBUGINFOD_URLS");
  const std::string log = fake.logged();
  EXPECT_THAT(log, HasSubstr("--no-debuginfod"));
  EXPECT_THAT(log, testing::Not(HasSubstr("DEBUGINFOD_URLS")));
  int questions = 0;
  for (size_t at = 0; (at = log.find("CODE ", at)) != std::string::npos; ++at) ++questions;
  EXPECT_EQ(questions, 100);
}

// By the real one. Three tenths of a second on an idle machine, one process for each would take
// minutes.
TEST(Symbolizer, TenThousandPlacesTakeSeconds) {
  constexpr uintptr_t kPlaces = 10'000, kDistance = 16;
  const auto end = reinterpret_cast<uintptr_t>(&etext);
  const uintptr_t begin = end - kPlaces * kDistance;
  ASSERT_GT(begin, reinterpret_cast<uintptr_t>(&__executable_start));
  Symbolizer symbolizer{SymbolizerOptions{}};
  const auto start = std::chrono::steady_clock::now();
  uintptr_t named = 0;
  for (uintptr_t at = begin; at < end; at += kDistance)
    named += symbolizer.code(at)[0].function.empty() ? 0 : 1;
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
  EXPECT_GT(named, kPlaces / 2);
}

// Y1: the program sees no child, no signal, no descriptor.
volatile sig_atomic_t child_signals = 0;

TEST(SymbolizerProcess, TheProgramDoesNotNoticeIt) {
  signal(SIGCHLD, [](int) { child_signals = child_signals + 1; });
  int lowest_before = dup(0);
  close(lowest_before);
  {
    SymbolizerProcess process("");
    ASSERT_TRUE(process.ask("CODE \"/bin/true\" 0x10"));
    EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);
    EXPECT_EQ(errno, ECHILD);
    int lowest_now = dup(0);
    close(lowest_now);
    EXPECT_EQ(lowest_now, lowest_before);
    kill(process.pid(), SIGKILL);
    EXPECT_TRUE(process.ask("CODE \"/bin/true\" 0x10")) << "no SIGPIPE either";
  }
  EXPECT_EQ(child_signals, 0);
  signal(SIGCHLD, SIG_DFL);
}

TEST(FindSymbolizer, Order) {
  EXPECT_EQ(find_symbolizer("/some/path"), "/some/path");
  std::string folder = testing::TempDir() + "symbolizer_test.XXXXXX";
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  std::string fake = folder + "/llvm-symbolizer-19";
  std::ofstream(fake) << "#!/bin/sh\n";
  chmod(fake.c_str(), 0755);
  std::string before = getenv("PATH");
  setenv("PATH", folder.c_str(), 1);
  EXPECT_EQ(find_symbolizer(""), fake);
  setenv("PATH", "/nonexistent::relative", 1);
  std::string found = find_symbolizer("");
  EXPECT_TRUE(found.empty() || found == "/usr/lib/llvm-19/bin/llvm-symbolizer") << found;
  setenv("PATH", before.c_str(), 1);
  unlink(fake.c_str());
  rmdir(folder.c_str());
}

thread_local volatile int of_this_test[3];

// By the symbol table alone: llvm-symbolizer knows neither.
TEST(ElfSymbols, OfThreadLocalsAndFunctions) {
  of_this_test[1] = 1;
  const std::string self = module_path("");
  bool found = false;
  for (uint64_t offset = 0; offset < 1 << 16 && !found; offset += 4) {
    const auto symbol = find_elf_symbol(self, ElfSymbolKind::kThreadLocal, offset);
    if (!symbol || symbol->name.find("of_this_test") == symbol->name.npos) continue;
    found = true;
    EXPECT_EQ(symbol->size, 12u);
    EXPECT_EQ(find_elf_symbol(self, ElfSymbolKind::kThreadLocal, symbol->value + 11)->name,
              symbol->name);
    const auto next = find_elf_symbol(self, ElfSymbolKind::kThreadLocal, symbol->value + 12);
    EXPECT_TRUE(!next || next->name != symbol->name);
  }
  EXPECT_TRUE(found);
  const auto code = find_module(reinterpret_cast<uintptr_t>(&is_global));
  ASSERT_TRUE(code);
  const auto function = find_elf_symbol(self, ElfSymbolKind::kFunction, code->offset + 1);
  ASSERT_TRUE(function);
  EXPECT_EQ(function->name, "fibersan::is_global(unsigned long)");
  EXPECT_EQ(function->value, code->offset);
  EXPECT_FALSE(find_elf_symbol("/dev/null", ElfSymbolKind::kFunction, 0));
  EXPECT_FALSE(find_elf_symbol("/no/such/file", ElfSymbolKind::kFunction, 0));
}

}  // namespace
}  // namespace fibersan
