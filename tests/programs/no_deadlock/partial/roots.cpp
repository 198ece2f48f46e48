// Fibers that wait for a channel of which there is one reference, somewhere: in a global, tagged,
// of the inside only, in a map, in a sleeper's frame, in a FiberLocal, in an exception that is
// being handled, in a timer's closure, in mapped memory, in an OS thread's frame, thread_local or
// register, in an epoll instance. All are silent, and all are woken in the end through that
// reference.
//
// RUN: %fibersan %s -o %t && env FIBERSAN_OPTIONS=deadlock_check_ms=20 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: env FIBERSAN_OPTIONS=deadlock_check_ms=20 FIBER_OPTIONS=procs=1 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -O2 %s -o %t.o2 && env FIBERSAN_OPTIONS=deadlock_check_ms=20 %run %t.o2 2>&1 | FileCheck %s --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <sys/epoll.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "../../found.h"

using std::chrono::milliseconds;
using Channel = fiber::Channel<int>;

fiber::WaitGroup all;

struct Padded {
  char before[300];
  Channel channel;
};

// A block that holds a channel that a new fiber waits for; the only reference is returned.
[[gnu::noinline]] Padded* start() {
  auto* made = new Padded{};
  all.go([made] { made->channel.receive(); });
  return made;
}

void wake(Padded* made) { made->channel.close(); }

Padded* in_global;
std::uintptr_t tagged_in_global;
Channel* interior_in_global;
thread_local Padded* in_thread_local;
std::map<std::string, Padded*> in_map;
fiber::FiberLocal<Padded*> in_fiber_local;
std::atomic<bool> over{false};

void wait_until_over() {
  while (!over) fiber::sleep_for(milliseconds(1));
}

// In one register and nowhere else; on the stack are only its complement's bits.
[[gnu::noinline]] Padded* spin_with(std::uintptr_t complement) {
  std::uintptr_t pointer;
  asm volatile(
      "mov %1, %%r12\n"
      "not %%r12\n"
      "1: pause\n"
      "cmpb $0, (%2)\n"
      "je 1b\n"
      "mov %%r12, %0\n"
      : "=r"(pointer)
      : "r"(complement), "r"(&over)
      : "r12", "memory");
  return reinterpret_cast<Padded*>(pointer);
}

void from_os_thread() {
  auto pass = std::make_shared<std::pair<std::atomic<bool>, Padded*>>(false, nullptr);
  std::thread holder([pass] {
    while (!pass->first) std::this_thread::yield();
    Padded* const mine = std::exchange(pass->second, nullptr);
    while (!over) std::this_thread::yield();
    wake(mine);
  });
  pass->second = start();
  pass->first = true;
  all.go([thread = std::move(holder)]() mutable {
    wait_until_over();
    thread.join();
  });
}

void in_thread_local_of_a_thread() {
  auto pass = std::make_shared<std::pair<std::atomic<bool>, Padded*>>(false, nullptr);
  std::thread holder([pass] {
    while (!pass->first) std::this_thread::yield();
    in_thread_local = std::exchange(pass->second, nullptr);
    while (!over) std::this_thread::yield();
    wake(in_thread_local);
  });
  pass->second = start();
  pass->first = true;
  all.go([thread = std::move(holder)]() mutable {
    wait_until_over();
    thread.join();
  });
}

void in_registers() {
  std::thread([complement = ~reinterpret_cast<std::uintptr_t>(start())] {
    wake(spin_with(complement));
  }).detach();
}

struct Thrown {
  Padded* made;
};

void in_exception() {
  try {
    throw Thrown{start()};
  } catch (const Thrown& thrown) {
    wait_until_over();
    wake(thrown.made);
  }
}

Padded** map_place() {
  void* memory = mmap(nullptr, std::size_t{1} << 30, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return static_cast<Padded**>(memory) + 5000;
}

int main() {
  return fiber::run([] {
    in_global = start();
    tagged_in_global = reinterpret_cast<std::uintptr_t>(start()) | 5 | std::uintptr_t{0xabcd} << 48;
    interior_in_global = &start()->channel;
    in_map["key"] = start();
    Padded** const mapped = map_place();
    *mapped = start();
    all.go([made = start()] {
      wait_until_over();
      wake(made);
    });
    all.go([] {
      *in_fiber_local = start();
      wait_until_over();
      wake(*in_fiber_local);
    });
    all.go(in_exception);
    auto timer = fiber::after_func(std::chrono::hours(1), [made = start()] { wake(made); });
    from_os_thread();
    in_registers();
    in_thread_local_of_a_thread();

    const int epoll = epoll_create1(0);
    int pipe_ends[2];
    if (pipe(pipe_ends) != 0) return;
    epoll_event event = {};
    event.events = EPOLLOUT;
    event.data.ptr = start();
    epoll_ctl(epoll, EPOLL_CTL_ADD, pipe_ends[1], &event);
    event = {};

    for (int i = 0; i < 20; ++i) {
      const std::size_t dead = fiber::deadlock::check();
      if (dead != 0) std::printf("found %zu\n", dead);
      fiber::sleep_for(milliseconds(5));
    }
    over = true;
    wake(in_global);
    wake(reinterpret_cast<Padded*>(tagged_in_global & 0xffff'ffff'fff8));
    interior_in_global->close();
    wake(in_map["key"]);
    wake(*mapped);
    epoll_wait(epoll, &event, 1, 0);
    wake(static_cast<Padded*>(event.data.ptr));
    timer.reset(milliseconds(0));
    all.wait();
    std::puts("all woken");
  });
}
// CHECK-NOT: found
// CHECK: all woken
