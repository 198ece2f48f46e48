// testing/catch2.h: a finding fails the Catch2 test case that caused it.
//
// To be included by one file of the test program, before Catch2's own header; with Catch2's own
// main (Catch2WithMain), too:
//
//     #include <fiber/testing/catch2.h>
//
// Output:   a failed check "FiberSan: ..." of the test case, and of the SECTION during which
//           it was found. The whole report stands where FIBERSAN_OPTIONS says.
// Rules:    as those of testing/googletest.h.
// Needs:    Catch2 2.x, 2.13 is what Debian 12 has.
#ifndef FIBER_TESTING_CATCH2_H
#define FIBER_TESTING_CATCH2_H

#if defined(TWOBLUECUBES_SINGLE_INCLUDE_CATCH_HPP_INCLUDED) &&                   \
    !defined(CATCH_CONFIG_EXTERNAL_INTERFACES) && !defined(CATCH_CONFIG_MAIN) && \
    !defined(CATCH_CONFIG_RUNNER)
#error "include <fiber/testing/catch2.h> before <catch2/catch.hpp>"
#endif
#ifndef CATCH_CONFIG_EXTERNAL_INTERFACES
#define CATCH_CONFIG_EXTERNAL_INTERFACES  // listeners
#endif

#include <fiber/findings.h>
#include <catch2/catch.hpp>

#include <optional>
#include <string>

namespace fiber::internal {

class FindingsFailTestCases : public Catch::TestEventListenerBase {
 public:
  using TestEventListenerBase::TestEventListenerBase;

 private:
  void testCaseStarting(const Catch::TestCaseInfo& /*test_case*/) override { scope_.emplace(); }
  // The whole test case is a section, too; its end is the last place where a check may fail it.
  void sectionEnded(const Catch::SectionStats& /*section*/) override {
    const std::string text = scope_->check();
    if (!text.empty() && !findings_are_gated())
      FAIL_CHECK("FiberSan found this during the test:\n" << text);
  }

  std::optional<FindingsScope> scope_;
};

CATCH_REGISTER_LISTENER(FindingsFailTestCases)

}  // namespace fiber::internal

#endif  // FIBER_TESTING_CATCH2_H
