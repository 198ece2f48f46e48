#include "detector/report/fingerprint.h"

#include <gtest/gtest.h>

#include <string>
#include <unordered_set>
#include <utility>

#include "detector/report/function_name.h"

namespace fibersan {
namespace {

SourceFrame frame(const char* function, uint32_t line) {
  SourceFrame result;
  result.function = function;
  result.file = "/somewhere/a.cpp";
  result.line = line;
  result.module = "program";
  result.module_offset = uint64_t{16} * line;
  return result;
}

Report race() {
  Report report;
  report.kind = "data race";
  report.pid = 7;
  report.accesses.resize(2);
  report.accesses[0].kind = ReportAccess::Kind::kWrite;
  report.accesses[0].stack.frames = {frame("write()", 3), frame("main", 20)};
  report.accesses[1].stack.frames = {frame("read()", 5)};
  return report;
}

TEST(Fingerprint, NeverChanges) { EXPECT_EQ(fingerprint_of(race()), "414718c956615a9a"); }

TEST(Fingerprint, KnowsNothingOfTheRun) {
  Report other = race();
  std::swap(other.accesses[0], other.accesses[1]);
  other.pid = 8;
  other.notes = {"why no happens-before: nobody knows"};
  other.summary = frame("read()", 6);
  for (ReportAccess& access : other.accesses) {
    access.address += 64;
    access.fiber.id += 1;
    for (SourceFrame& frame : access.stack.frames) {
      frame.file = "/elsewhere/a.cpp";
      frame.line += 10;
      frame.module_offset += 4096;
    }
  }
  EXPECT_EQ(fingerprint_of(other), fingerprint_of(race()));
}

TEST(Fingerprint, DiffersWithEachPart) {
  Report atomic = race(), kind = race(), shorter = race(), function = race(), moved = race(),
         unnamed = race();
  atomic.accesses[0].atomic = true;
  kind.kind = "heap-use-after-free race";
  shorter.accesses[0].stack.frames.pop_back();
  function.accesses[1].stack.frames[0].function = "read_all()";
  // The same frames, the border between the stacks elsewhere.
  moved.accesses[1].stack.frames.push_back(frame("main", 20));
  moved.accesses[0].stack.frames.pop_back();
  unnamed.accesses[1].stack.frames[0].function = "";
  std::vector<std::string> all = {fingerprint_of(race())};
  for (const Report& report : {atomic, kind, shorter, function, moved, unnamed})
    all.push_back(fingerprint_of(report));
  for (size_t i = 0; i < all.size(); ++i)
    for (size_t j = 0; j < i; ++j) EXPECT_NE(all[i], all[j]) << i << " " << j;
}

TEST(Fingerprint, WaitersHaveNoOrder) {
  Report one;
  one.kind = "global deadlock";
  one.waiters.resize(2);
  one.waiters[0].reason = "chan send";
  one.waiters[1].reason = "join";
  Report other = one;
  std::swap(other.waiters[0], other.waiters[1]);
  EXPECT_EQ(fingerprint_of(one), fingerprint_of(other));
  other.waiters[0].reason = "once";
  EXPECT_NE(fingerprint_of(one), fingerprint_of(other));
}

TEST(FunctionName, IsWithoutWhatOtherCodeChanges) {
  const std::pair<const char*, const char*> kNames[] = {
      {"main", "main"},
      {"main::$_12::operator()() const::'lambda3'(int)::operator()(int) const",
       "main::$_::operator()() const::'lambda'(int)::operator()(int) const"},
      {"f()::{lambda(int)#2}::operator()(int) const", "f()::{lambda}::operator()(int) const"},
      {"void run<A<B, 3>, C>(A<B, 3>&)", "void run(A&)"},
      {"std::vector<int, std::allocator<int>>::push_back(int&&)", "std::vector::push_back(int&&)"},
      {"bool operator< <int>(A<int> const&)", "bool operator<(A const&)"},
      {"A& operator<< <int>(A&, B<1>)", "A& operator<<(A&, B)"},
      {"auto operator<=> <int>(A<int>)", "auto operator<=>(A)"},
      {"P<T>::operator->() const", "P::operator->() const"},
      {"my_operator<int>()", "my_operator()"},
      {"decltype(a->b) f<decltype(a->b)>()", "decltype(a->b) f()"},
      {"A::name[abi:cxx11]()", "A::name()"},
      {"std::__cxx11::basic_string<char>::size() const", "std::basic_string::size() const"},
      {"work(int) (.cold)", "work(int)"},
      {"work.part.0", "work"},
      {"work(int) [clone .isra.0]", "work(int)"},
      {"helper(int) (.llvm.123456)", "helper(int)"},
      {"broken<int", "broken<int"},
      {"", ""},
  };
  for (const auto& [name, lasting] : kNames) EXPECT_EQ(lasting_name(name), lasting) << name;
}

TEST(Fingerprint, IsTheSameForOtherTemplateArgumentsAndLambdaNumbers) {
  Report one = race(), other = race();
  one.accesses[0].stack.frames[0].function = "main::$_0::operator()() const::'lambda'()::f<int>()";
  other.accesses[0].stack.frames[0].function =
      "main::$_7::operator()() const::'lambda2'()::f<long>()";
  EXPECT_EQ(fingerprint_of(one), fingerprint_of(other));
  one.location.emplace().global = "total";
  other.location.emplace().global = "count";
  EXPECT_NE(fingerprint_of(one), fingerprint_of(other));
}

TEST(Fingerprint, HundredThousandFindingsHaveAsMany) {
  std::unordered_set<std::string> all;
  size_t count = 0;
  for (const char* kind : {"data race", "heap-use-after-free race"}) {
    for (int first = 0; first < 50; ++first) {
      for (int second = first; second < 50; ++second) {
        for (int depth = 0; depth < 40; ++depth) {
          Report report = race();
          report.kind = kind;
          report.accesses[1].kind = ReportAccess::Kind::kWrite;
          report.accesses[0].stack.frames[0].function = "f" + std::to_string(first) + "()";
          report.accesses[1].stack.frames[0].function = "f" + std::to_string(second) + "()";
          for (int i = 0; i < depth; ++i) {
            report.accesses[0].stack.frames.push_back(frame("step()", 1));
            report.accesses[1].stack.frames.push_back(frame("step()", 1));
          }
          all.insert(fingerprint_of(report));
          ++count;
        }
      }
    }
  }
  EXPECT_GT(count, 100'000u);
  EXPECT_EQ(all.size(), count);
}

}  // namespace
}  // namespace fibersan
