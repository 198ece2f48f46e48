// testing/googletest.h: a finding fails the GoogleTest test that caused it.
//
// Including it in one file of the test program is all; with GoogleTest's own main, too:
//
//     #include <fiber/testing/googletest.h>
//
// Output:   a failure "FiberSan: ..." of the test, before its line FAILED, and in the files of
//           --gtest_output. The whole report stands where FIBERSAN_OPTIONS says.
// Rules:    a finding belongs to the test during which it is made. A test that leaves fibers
//           running may cause findings of later ones: fiber::LeakScope finds such tests.
//           Under a gate (fibersan_gate of CMake) no test fails for a finding.
//           What is found before the first test and after the last one is in the exit status only.
// Cost:     of a test after which no fiber waits: two loads.
#ifndef FIBER_TESTING_GOOGLETEST_H
#define FIBER_TESTING_GOOGLETEST_H

#include <fiber/findings.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace fiber::internal {

class FindingsFailTests : public ::testing::EmptyTestEventListener {
 public:
  // GoogleTest owns it and deletes it at its end.
  static bool listen() {
    ::testing::UnitTest::GetInstance()->listeners().Append(new FindingsFailTests);
    return true;
  }

 private:
  void OnTestStart(const ::testing::TestInfo& /*test*/) override { scope_.emplace(); }
  void OnTestEnd(const ::testing::TestInfo& /*test*/) override {
    const std::string text = scope_->check();
    if (!text.empty() && !findings_are_gated())
      ADD_FAILURE() << "FiberSan found this during the test:\n" << text;
  }

  std::optional<FindingsScope> scope_;
};

inline const bool findings_fail_tests = FindingsFailTests::listen();

}  // namespace fiber::internal

#endif  // FIBER_TESTING_GOOGLETEST_H
