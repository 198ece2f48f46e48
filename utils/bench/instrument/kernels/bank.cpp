// Locks: transfers between accounts, each behind a std::mutex of its own, by one thread.
#include <cstdint>
#include <cstdio>
#include <mutex>
#include <vector>

struct Account {
  std::mutex mutex;
  long balance = 1000;
};

int main() {
  std::vector<Account> accounts(1000);
  uint32_t random = 1;
  for (int i = 0; i < 8'000'000; ++i) {
    random = random * 1664525 + 1013904223;
    Account& from = accounts[(random >> 8) % 1000];
    Account& to = accounts[(random >> 20) % 1000];
    if (&from == &to) continue;
    std::scoped_lock both(from.mutex, to.mutex);
    const long amount = random % 7;
    from.balance -= amount;
    to.balance += amount;
  }
  long total = 0;
  for (const Account& account : accounts) total += account.balance;
  std::printf("%ld %ld\n", total, accounts[7].balance);
}
