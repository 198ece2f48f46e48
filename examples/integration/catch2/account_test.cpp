// Tests of fibers with Catch2. A finding of FiberSan fails the test case in which it is made.
#include "account.h"

#include <fiber/run.h>
#include <fiber/testing/catch2.h>
#include <fiber/wait_group.h>

TEST_CASE("an account begins empty") { CHECK(Account().balance() == 0); }

TEST_CASE("an account takes deposits of many fibers") {
  Account account;
  fiber::run([&] {
    fiber::WaitGroup fibers;
    for (int i = 0; i < 4; ++i) fibers.go([&] { account.deposit(1); });
    fibers.wait();
  });
  CHECK(account.balance() == 4);
}

TEST_CASE("an account takes many deposits of one fiber") {
  Account account;
  fiber::run([&] {
    for (int i = 0; i < 4; ++i) account.deposit(1);
  });
  CHECK(account.balance() == 4);
}
