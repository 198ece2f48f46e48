// A LeakScope in each test of a GoogleTest program: the test that leaves a fiber behind fails, the
// one after it does not. -DFIXED closes the channel.
//
// RUN: %fibersan %s -lgtest -o %t && not %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -DFIXED %s -lgtest -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <gtest/gtest.h>

fiber::Channel<int> work;

class Leaves : public testing::Test {
 protected:
  fiber::LeakScope scope{"Leaves." + std::string(current_test())};
  static const char* current_test() {
    return testing::UnitTest::GetInstance()->current_test_info()->name();
  }
  void TearDown() override { EXPECT_EQ(scope.check(), 0u) << "fibers were left behind"; }
};

TEST_F(Leaves, AReceiver) {
  fiber::go([] {
    while (work.receive()) {
    }
  });
#ifdef FIXED
  work.close();
#endif
}

TEST_F(Leaves, Nothing) {
  auto one = fiber::spawn([] { return 1; });
  EXPECT_EQ(one.join(), 1);
}

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  return fiber::run([] {
    work = fiber::Channel<int>(1);
    return RUN_ALL_TESTS();
  });
}
// CHECK: WARNING: FiberSan: fiber leak
// CHECK: [created in leak scope 'Leaves.AReceiver' and still blocked at its end]
// CHECK: fibers were left behind
// CHECK: FAILED  ] Leaves.AReceiver
// CHECK: OK ] Leaves.Nothing
// CHECK: FiberSan: reported 1 warnings; precision: exact
// FIXED: PASSED  ] 2 tests
