// An account that many fibers pay into. -DFIXED guards the balance.
#ifndef ACCOUNT_H
#define ACCOUNT_H

#include <fiber/sync.h>

#include <mutex>

class Account {
 public:
  void deposit(int amount) {
#ifdef FIXED
    const std::scoped_lock guard(mutex_);
#endif
    balance_ += amount;
  }
  int balance() const { return balance_; }

 private:
  fiber::Mutex mutex_;
  int balance_ = 0;
};

#endif  // ACCOUNT_H
