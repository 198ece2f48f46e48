// rate_limiter FILE: each line of the file is "client requests". A limiter hands out
// tokens at a fixed rate, up to a burst; a client's request waits for a token, and is
// dropped when none comes in time.
// All clients count what was served in one plain variable: a data race.
// -DFIXED makes it atomic.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t %S/data/requests.txt 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed %S/data/requests.txt 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <string>

using namespace std::chrono_literals;

struct Token {};
using Tokens = fiber::Channel<Token>;

constexpr auto kInterval = 2ms;  // between two tokens
constexpr int kBurst = 4;        // tokens saved up while nobody asks
constexpr auto kPatience = 1s;   // of a client, for one request

struct Statistics {
#ifdef FIXED
  std::atomic<int> served = 0;
#else
  int served = 0;
#endif
  std::atomic<int> dropped = 0;
};

// Hands out tokens until it is told to stop; what does not fit the burst is lost.
void limit(Tokens tokens, fiber::Channel<Token> stop) {
  for (bool stopped = false; !stopped;) {
    fiber::select(fiber::on_receive(stop, [&](auto) { stopped = true; }),
                  fiber::on_timeout(kInterval, [&] { tokens.try_send(Token{}); }));
  }
}

void request(Tokens tokens, Statistics& statistics) {
  auto serve = [&] {
    ++statistics.served;
    // CHECK: WARNING: FiberSan: data race
    // CHECK-NEXT: Write of size 4 at 0x{{[0-9a-f]+}} by fiber {{[0-9]+}} '{{[a-z]+}}':
    // CHECK-NEXT: #0 {{.*}}request({{.*}}rate_limiter.cpp:[[@LINE-3]]
    // CHECK: Previous write of size 4 at 0x{{[0-9a-f]+}} by fiber {{[0-9]+}} '{{[a-z]+}}':
    // CHECK-NEXT: #0 {{.*}}request({{.*}}rate_limiter.cpp:[[@LINE-5]]
    // CHECK: Location is stack of fiber 1
    // CHECK: SUMMARY: FiberSan: data race {{.*}}rate_limiter.cpp:[[@LINE-7]]
  };
  auto drop = [&] { ++statistics.dropped; };
  fiber::select(fiber::on_receive(tokens, serve), fiber::on_timeout(kPatience, drop));
}

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: rate_limiter FILE\n");
    return 2;
  }
  return fiber::run([&] {
    Tokens tokens(kBurst);
    fiber::Channel<Token> stop;
    Statistics statistics;
    fiber::go(fiber::FiberOptions{.name = "limiter"}, [=] { limit(tokens, stop); });

    fiber::WaitGroup clients;
    std::ifstream file(argv[1]);
    std::string name;
    for (int requests; file >> name >> requests;)
      clients.go(fiber::FiberOptions{.name = name}, [tokens, requests, &statistics] {
        for (int i = 0; i < requests; ++i) request(tokens, statistics);
      });
    clients.wait();
    stop.send(Token{});
    std::printf("served %d, dropped %d\n", static_cast<int>(statistics.served),
                statistics.dropped.load());
  });
}
// CHECK: FiberSan: reported 1 warnings; precision: exact
// FIXED: served 17, dropped 0
