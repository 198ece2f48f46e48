// Tests of fibers with GoogleTest. A finding of FiberSan fails the test in which it is made.
#include "account.h"

#include <fiber/run.h>
#include <fiber/testing/googletest.h>
#include <fiber/wait_group.h>
#include <gtest/gtest.h>

TEST(Account, BeginsEmpty) { EXPECT_EQ(Account().balance(), 0); }

// The balance is right nearly always, so only FiberSan says that nothing orders the deposits.
TEST(Account, TakesDepositsOfManyFibers) {
  fiber::run([] {
    Account account;
    fiber::WaitGroup fibers;
    for (int i = 0; i < 4; ++i) fibers.go([&] { account.deposit(1); });
    fibers.wait();
    EXPECT_EQ(account.balance(), 4);
  });
}

TEST(Account, TakesManyDepositsOfOneFiber) {
  fiber::run([] {
    Account account;
    for (int i = 0; i < 4; ++i) account.deposit(1);
    EXPECT_EQ(account.balance(), 4);
  });
}
