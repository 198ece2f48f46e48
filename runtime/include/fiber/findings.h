// findings.h: what the detector has found so far, for test frameworks and for tests of one's own.
//
//     fiber::FindingsScope scope;
//     code_under_test();
//     EXPECT_EQ(scope.check(), "");
//
// Output:   numbers and lines for the program to look at. The reports themselves go where
//           FIBERSAN_OPTIONS says, and the exit status of the process is as always. In a
//           plain build there are no findings.
// Threads:  any, inside and outside of fibers.
// Not here: <fiber/testing/googletest.h> and <fiber/testing/catch2.h>, which fail the test.
#ifndef FIBER_FINDINGS_H
#define FIBER_FINDINGS_H

#include <cstdint>
#include <string>

namespace fiber {

// Of this process, since it began; a child of fork() begins anew.
struct Findings {
  std::uint64_t reported = 0;  // different ones, each reported once
  std::uint64_t repeated = 0;  // times that one of these has occurred again
};
Findings findings();

// The line "SUMMARY: FiberSan: ..." of a finding, which is numbered from 0 in the order of
// the reports. Empty when there is no such finding, or 64 others came after it.
std::string finding_summary(std::uint64_t number);

// Whether a gate judges findings once all tests have run (fibersan_gate of CMake sets
// FIBERSAN_GATE), so that they fail no test by themselves.
bool findings_are_gated();

// The findings that are made while it exists, by whatever fiber or thread: with tests that run
// one after the other, and leave nothing running, those of one test.
class FindingsScope {
 public:
  FindingsScope();
  FindingsScope(const FindingsScope&) = delete;
  FindingsScope& operator=(const FindingsScope&) = delete;

  // A line for each finding since the scope was made, or since the last check(). Without any,
  // one line when findings of before have occurred again; otherwise empty. Where fibers wait,
  // deadlock::check() looks first whether they wait for ever.
  std::string check();

 private:
  Findings seen_;
};

}  // namespace fiber

#endif  // FIBER_FINDINGS_H
