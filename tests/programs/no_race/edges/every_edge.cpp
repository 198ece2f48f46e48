// Every happens-before edge that the runtime gives, each the only order between a write and a
// read. Turn fixes who comes first and orders nothing: each edge is taken once when what it
// leads from is done, and once while its other side waits. A hook that is left out anywhere is a
// report, and its edge the next to be named (detector/race/edges.md).
//
// RUN: %fibersan -O1 %s -o %t && env FIBER_OPTIONS=procs=1 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=procs=3 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <chrono>
#include <cstdio>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>

#include "../../turn.h"

using namespace std::chrono_literals;
using fiber::Channel;

using Step = std::function<void()>;

// With one processor the other fiber has parked afterwards, if it is going to.
void let_it_park() {
  for (int i = 0; i < 20; ++i) fiber::yield();
}

// `begin` in the fiber that writes; then its write happens before `from`, and `to` before the
// other one's read.
void order(bool awaited, const Step& begin, const Step& from, const Step& to) {
  auto value = std::make_unique<int>(0);
  Turn turn;
  auto writer = fiber::spawn([&] {
    begin();
    turn.done();
    if (awaited) {
      turn.after(2);
      let_it_park();
    }
    *value = 1;
    if (!awaited) turn.done();
    from();
  });
  auto reader = fiber::spawn([&] {
    turn.after(1);
    if (awaited) {
      turn.done();
    } else {
      turn.after(2);
      let_it_park();
    }
    to();
    return *value;
  });
  const int seen = reader.join();
  writer.join();
  if (seen != 1) std::printf("the value is %d\n", seen);
}

enum Forms { kReady = 1, kAwaited = 2, kBoth = 3 };
const Step kNothing = [] {};

// `with` makes fresh objects and gives the three steps for them.
template <typename With>
void edge(const char* name, With with, Forms forms = kBoth) {
  for (const bool awaited : {false, true}) {
    if ((forms & (awaited ? kAwaited : kReady)) == 0) continue;
    with([&](const Step& begin, const Step& from, const Step& to) {
      order(awaited, begin, from, to);
    });
    std::printf("%s, %s\n", name, awaited ? "awaited" : "ready");
  }
}

template <typename Take>
void mutex_edge(const char* name, Take take, Forms forms = kBoth) {
  edge(
      name,
      [&](auto run) {
        fiber::Mutex mutex;
        run([&] { mutex.lock(); }, [&] { mutex.unlock(); }, [&] { take(mutex); });
      },
      forms);
}

void mutexes() {
  mutex_edge("mutex", [](fiber::Mutex& mutex) { std::scoped_lock lock(mutex); });
  mutex_edge("mutex, try_lock", [](fiber::Mutex& mutex) {
    while (!mutex.try_lock()) fiber::yield();
    mutex.unlock();
  });
  mutex_edge("mutex, try_lock_for", [](fiber::Mutex& mutex) {
    while (!mutex.try_lock_for(1h)) fiber::yield();
    mutex.unlock();
  });
}

template <typename Take>
void rw_edge(const char* name, bool reads, Take take, Forms forms = kBoth) {
  edge(
      name,
      [&](auto run) {
        fiber::RwMutex mutex;
        run([&] { reads ? mutex.lock_shared() : mutex.lock(); },
            [&] { reads ? mutex.unlock_shared() : mutex.unlock(); }, [&] { take(mutex); });
      },
      forms);
}

void rw_mutexes() {
  const auto write = [](fiber::RwMutex& mutex) { std::scoped_lock lock(mutex); };
  rw_edge("writer to writer", false, write);
  rw_edge("reader to writer", true, write);
  rw_edge("writer to reader", false, [](fiber::RwMutex& mutex) { std::shared_lock lock(mutex); });
  // The reader's knowledge goes on with the writer's.
  rw_edge("reader to writer to reader", true, [&](fiber::RwMutex& mutex) {
    Turn written;
    fiber::go([&] {
      write(mutex);
      written.done();
    });
    written.after(1);
    std::shared_lock lock(mutex);
  });
  rw_edge("writer to try_lock", false, [](fiber::RwMutex& mutex) {
    while (!mutex.try_lock()) fiber::yield();
    mutex.unlock();
  });
  rw_edge("writer to try_lock_for", false, [](fiber::RwMutex& mutex) {
    while (!mutex.try_lock_for(1h)) fiber::yield();
    mutex.unlock();
  });
  rw_edge("writer to try_lock_shared", false, [](fiber::RwMutex& mutex) {
    while (!mutex.try_lock_shared()) fiber::yield();
    mutex.unlock_shared();
  });
  rw_edge("writer to try_lock_shared_for", false, [](fiber::RwMutex& mutex) {
    while (!mutex.try_lock_shared_for(1h)) fiber::yield();
    mutex.unlock_shared();
  });
}

// As in Go a notify comes before the wait that it ends, whatever the lock says.
void condition_variables() {
  const auto notify = [](bool all, auto run) {
    fiber::ConditionVariable changed;
    fiber::Mutex own;
    Turn woken;
    run(
        kNothing,
        [&] {
          do {
            all ? changed.notify_all() : changed.notify_one();
            fiber::yield();
          } while (!woken.is_done(1));
        },
        [&] {
          std::unique_lock lock(own);
          if (all)
            changed.wait_for(lock, 1h);
          else
            changed.wait(lock);
          woken.done();
        });
  };
  edge("notify_one", [&](auto run) { notify(false, run); }, kAwaited);
  edge("notify_all", [&](auto run) { notify(true, run); }, kAwaited);
}

void counters() {
  edge("wait group", [](auto run) {
    fiber::WaitGroup group;
    group.add(1);
    run(kNothing, [&] { group.done(); }, [&] { group.wait(); });
  });
  edge("semaphore", [](auto run) {
    fiber::Semaphore semaphore(0);
    run(kNothing, [&] { semaphore.release(); }, [&] { semaphore.acquire(); });
  });
  edge("semaphore, two permits by two", [](auto run) {
    fiber::Semaphore semaphore(0);
    run(
        kNothing, [&] { semaphore.release(), fiber::spawn([&] { semaphore.release(); }).detach(); },
        [&] { semaphore.acquire(2); });
  });
  edge("latch", [](auto run) {
    fiber::Latch latch(1);
    run(kNothing, [&] { latch.count_down(); }, [&] { latch.wait(); });
  });
  edge("latch, try_wait", [](auto run) {
    fiber::Latch latch(1);
    run(
        kNothing, [&] { latch.count_down(); },
        [&] {
          while (!latch.try_wait()) fiber::yield();
        });
  });
  edge("barrier", [](auto run) {
    fiber::Barrier barrier(2);
    run(kNothing, [&] { barrier.arrive_and_wait(); }, [&] { barrier.arrive_and_wait(); });
  });
  edge("barrier, dropped", [](auto run) {
    fiber::Barrier barrier(2);
    run(kNothing, [&] { barrier.arrive_and_drop(); }, [&] { barrier.arrive_and_wait(); });
  });
  edge("barrier, second round", [](auto run) {
    fiber::Barrier barrier(2);
    const Step twice = [&] { barrier.arrive_and_wait(), barrier.arrive_and_wait(); };
    run(kNothing, twice, twice);
  });
  edge("once", [](auto run) {
    fiber::Once once;
    Turn begun;
    // The writer's write comes before what it calls, and begins before the reader's call.
    const Step call = [&] {
      once.call([&] {
        begun.done();
        let_it_park();
      });
    };
    run(kNothing, call, [&] { begun.after(1), call(); });
  });
}

struct Empty {};

template <typename T>
void channel_edges(const std::string& type, const T& item) {
  const auto named = [&](const char* name) { return type + ": " + name; };
  const auto send = [&](Channel<T>& channel) { return [&] { channel.send(item); }; };
  const auto receive = [&](Channel<T>& channel) { return [&] { channel.receive(); }; };
  edge(named("unbuffered send to receive").c_str(), [&](auto run) {
    Channel<T> channel;
    run(kNothing, send(channel), receive(channel));
  });
  edge(named("unbuffered receive to send").c_str(), [&](auto run) {
    Channel<T> channel;
    run(kNothing, receive(channel), send(channel));
  });
  edge(named("buffered send to receive").c_str(), [&](auto run) {
    Channel<T> channel(2);
    run(kNothing, send(channel), receive(channel));
  });
  edge(named("k-th receive to (k+C)-th send").c_str(), [&](auto run) {
    Channel<T> channel(2);
    channel.send(item), channel.send(item);
    run(kNothing, receive(channel), send(channel));
  });
  edge(named("parked receive to (1+C)-th send").c_str(), [&](auto run) {
    Channel<T> channel(1);
    run(kNothing, receive(channel), [&] { channel.send(item), channel.send(item); });
  });
  edge(named("parked send to the receive of its item").c_str(), [&](auto run) {
    Channel<T> channel(1);
    channel.send(item);
    run(kNothing, send(channel), [&] { channel.receive(), channel.receive(); });
  });
}

void channels() {
  channel_edges<int>("int", 1);
  channel_edges<std::string>("string", "moved by a constructor");
  channel_edges<Empty>("empty", {});
  edge("close to receive", [](auto run) {
    Channel<int> channel;
    run(kNothing, [&] { channel.close(); }, [&] { channel.receive(); });
  });
  edge("close to buffered receive", [](auto run) {
    Channel<int> channel(1);
    run(kNothing, [&] { channel.close(); }, [&] { channel.receive(); });
  });
  // The last handle goes with an item inside, whose sender is ordered with nobody else.
  static Turn sent;
  auto last = std::make_unique<Channel<std::unique_ptr<int>>>(1);
  fiber::go([copy = *last]() mutable {
    copy.send(std::make_unique<int>(1));
    copy = {};
    sent.done();
  });
  sent.after(1);
  last.reset();
  std::printf("send to the item's destruction\n");
  edge("try_send to try_receive", [](auto run) {
    Channel<int> channel(1);
    run(
        kNothing, [&] { channel.try_send(1); },
        [&] {
          while (!channel.try_receive()) fiber::yield();
        });
  });
  edge("send_for to receive_for", [](auto run) {
    Channel<int> channel;
    run(kNothing, [&] { channel.send_for(1, 1h); }, [&] { channel.receive_for(1h); });
  });
  edge("receive_for to send_for", [](auto run) {
    Channel<int> channel;
    run(kNothing, [&] { channel.receive_for(1h); }, [&] { channel.send_for(1, 1h); });
  });
}

void selects() {
  const auto send = [](Channel<int>& channel) {
    return [&] { fiber::select(fiber::on_send(channel, 1, [] {}), fiber::on_timeout(1h, [] {})); };
  };
  const auto receive = [](Channel<int>& channel) {
    return [&] {
      fiber::select(fiber::on_receive(channel, [](std::optional<int>) {}),
                    fiber::on_receive(Channel<int>(1), [](std::optional<int>) {}));
    };
  };
  for (const size_t capacity : {0, 1}) {
    edge(capacity == 0 ? "select, send to receive" : "select, buffered send to receive",
         [&](auto run) {
           Channel<int> channel(capacity);
           run(kNothing, send(channel), receive(channel));
         });
    edge(capacity == 0 ? "select, receive to send" : "select, buffered receive to send",
         [&](auto run) {
           Channel<int> channel(capacity);
           if (capacity != 0) channel.send(1);
           run(kNothing, receive(channel), send(channel));
         });
    edge(capacity == 0 ? "select, close to receive" : "select, close to buffered receive",
         [&](auto run) {
           Channel<int> channel(capacity);
           run(kNothing, [&] { channel.close(); }, receive(channel));
         });
  }
}

void fibers() {
  for (const bool awaited : {false, true}) {
    int value = 0;
    auto child = fiber::spawn([&] {
      if (awaited) let_it_park();
      value = 1;
    });
    if (!awaited) let_it_park();
    child.join();
    if (value == 1) std::printf("join, %s\n", awaited ? "awaited" : "ready");
  }
  int value = 1;
  auto child = fiber::spawn([&] { return value; });
  if (child.join() == 1) std::printf("spawn\n");
  // A handle dropped before the end would order nothing, so the end itself is waited for.
  const uint64_t ended = fiber::stats().fibers_ended;
  std::optional<fiber::Handle<std::unique_ptr<int>>> dropped;
  dropped = fiber::spawn([] { return std::make_unique<int>(1); });
  while (fiber::stats().fibers_ended == ended) fiber::yield();
  dropped.reset();
  std::printf("end to the destruction of a result nobody joined\n");
  edge(
      "arming to the tick of a timer",
      [](auto run) {
        fiber::Timer timer(1h);
        const uint64_t fired = fiber::stats().timers_fired;
        run(
            kNothing, [&] { timer.reset(1ms); },
            [&] {
              while (fiber::stats().timers_fired == fired) fiber::yield();
              timer.channel().receive();
            });
      },
      kReady);
  edge("annotation", [](auto run) {
    char flag = 0;
    Turn raised;
    run(
        kNothing, [&] { fiber::happens_before(&flag), raised.done(); },
        [&] { raised.after(1), fiber::happens_after(&flag); });
  });
}

int main() {
  return fiber::run([] {
    fibers();
    mutexes();
    rw_mutexes();
    condition_variables();
    counters();
    channels();
    selects();
    std::printf("all\n");
  });
}
// CHECK: all
