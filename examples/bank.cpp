// bank FILE: customers pay shops; each line of the file is "customer shop amount".
// Every customer is a fiber that pays its own lines, and every account has a Mutex.
// pay() locks the account that it takes from and forgets the one that it pays into:
// a data race between customers of one shop. -DFIXED locks both.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t %S/data/transfers.txt 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed %S/data/transfers.txt 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <cstdio>
#include <fstream>
#include <map>
#include <mutex>
#include <string>
#include <vector>

struct Account {
  fiber::Mutex mutex;
  long balance = 0;  // guarded by mutex
};

struct Payment {
  Account* to;
  long amount;
};

using Accounts = std::map<std::string, Account>;

void pay(Account& from, const Payment& payment) {
  Account& to = *payment.to;
#ifdef FIXED
  std::scoped_lock locks(from.mutex, to.mutex);
#else
  std::scoped_lock lock(from.mutex);
#endif
  from.balance -= payment.amount;
  to.balance += payment.amount;
  // CHECK: WARNING: FiberSan: data race
  // CHECK-NEXT: Write of size 8 at 0x{{[0-9a-f]+}} by fiber {{[0-9]+}} '{{[a-z]+}}' (mutexes: write M1):
  // CHECK-NEXT: #0 pay({{.*}}bank.cpp:[[@LINE-3]]
  // CHECK: Previous write of size 8 at 0x{{[0-9a-f]+}} by fiber {{[0-9]+}} '{{[a-z]+}}' (mutexes: write M2):
  // CHECK-NEXT: #0 pay({{.*}}bank.cpp:[[@LINE-5]]
  // CHECK: Location is heap block of size {{[0-9]+}} at 0x{{[0-9a-f]+}} allocated by fiber 1:
  // CHECK: SUMMARY: FiberSan: data race {{.*}}bank.cpp:[[@LINE-7]]
}

std::map<std::string, std::vector<Payment>> read_payments(const char* path, Accounts& shops) {
  std::map<std::string, std::vector<Payment>> by_customer;
  std::ifstream file(path);
  std::string customer, shop;
  for (long amount; file >> customer >> shop >> amount;)
    by_customer[customer].push_back({&shops[shop], amount});
  return by_customer;
}

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: bank FILE\n");
    return 2;
  }
  return fiber::run([&] {
    Accounts customers, shops;
    const auto by_customer = read_payments(argv[1], shops);
    fiber::WaitGroup at_work;
    for (const auto& [name, payments] : by_customer) {
      Account& own = customers[name];
      own.balance = 100;
      at_work.go(fiber::FiberOptions{.name = name}, [&own, &payments = payments] {
        for (const Payment& payment : payments) pay(own, payment);
      });
    }
    at_work.wait();
    for (const auto& [name, account] : customers)
      std::printf("%s has %ld\n", name.c_str(), account.balance);
    for (const auto& [name, account] : shops)
      std::printf("%s took %ld\n", name.c_str(), account.balance);
  });
}
// CHECK: FiberSan: reported 1 warnings; precision: exact
// FIXED: ada has 62
// FIXED: bruno has 59
// FIXED: carla has 54
// FIXED: dmitri has 60
// FIXED: bakery took 20
// FIXED: books took 77
// FIXED: market took 68
