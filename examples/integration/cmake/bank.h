// Transfers between accounts. -DFIXED locks both of them.
#ifndef BANK_H
#define BANK_H

#include <fiber/sync.h>

#include <array>

class Bank {
 public:
  void transfer(int from, int to, int amount);
  int total();

 private:
  struct Account {
    fiber::Mutex mutex;
    int balance = 100;
  };
  std::array<Account, 3> accounts_;
};

#endif  // BANK_H
