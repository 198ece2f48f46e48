#include "bank.h"

#include <mutex>

void Bank::transfer(int from, int to, int amount) {
#ifdef FIXED
  const std::scoped_lock both(accounts_[from].mutex, accounts_[to].mutex);
#else
  const std::scoped_lock one(accounts_[from].mutex);
#endif
  accounts_[from].balance -= amount;
  accounts_[to].balance += amount;
}

int Bank::total() {
  int total = 0;
  for (Account& account : accounts_) {
    const std::scoped_lock guard(account.mutex);
    total += account.balance;
  }
  return total;
}
