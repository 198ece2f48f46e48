// Mutex and RwMutex: exclusion, fairness, time-outs, misuse.
#include <fiber/sync.h>

#include <mutex>
#include <shared_mutex>
#include <thread>
#include <vector>

#include "on_processors.h"

namespace {

using fiber::Mutex;
using fiber::RwMutex;
using namespace fiber_test;

constinit Mutex global_mutex;
constinit RwMutex global_rw_mutex;
const bool locked_before_main = [] {
  std::scoped_lock lock(global_mutex, global_rw_mutex);
  return true;
}();

TEST(Mutex, WorksInGlobalsBeforeAndOutsideOfRun) {
  EXPECT_TRUE(locked_before_main);
  std::unique_lock lock(global_mutex);
  std::thread other([] { EXPECT_FALSE(global_mutex.try_lock()); });
  other.join();
}

TEST(Mutex, ThreadsWithoutFibersBlockAsThreads) {
  Mutex mutex;
  int64_t sum = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 20'000; ++j) {
        std::scoped_lock lock(mutex);
        ++sum;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(sum, 80'000);
  std::unique_lock lock(mutex);
  std::thread([&] { EXPECT_FALSE(mutex.try_lock_for(5ms)); }).join();
}

TEST(Mutex, Excludes) {
  on_processors([] {
    Mutex mutex;
    int64_t sum = 0;
    int inside = 0;
    fiber::WaitGroup group;
    for (int i = 0; i < 50; ++i) {
      group.go([&] {
        for (int j = 0; j < 400; ++j) {
          std::scoped_lock lock(mutex);
          EXPECT_EQ(++inside, 1);
          if (j % 50 == 0) fiber::yield();
          ++sum;
          --inside;
        }
      });
    }
    group.wait();
    EXPECT_EQ(sum, 20'000);
  });
}

TEST(Mutex, TimedLocksEndInTimeOrWithTheLock) {
  on_processors([] {
    Mutex mutex;
    int64_t sum = 0;
    int64_t successes = 0;
    fiber::WaitGroup group;
    for (int i = 0; i < 20; ++i) {
      group.go([&, i] {
        for (int j = 0; j < 50; ++j) {
          std::unique_lock lock(mutex, std::chrono::microseconds(i * 20));
          if (!lock.owns_lock()) continue;
          ++successes;
          if (j % 10 == 0) fiber::sleep_for(50us);
          ++sum;
        }
      });
    }
    group.wait();
    EXPECT_EQ(sum, successes);
    EXPECT_TRUE(mutex.try_lock_until(std::chrono::system_clock::now() + 1h));
    EXPECT_FALSE(mutex.try_lock());
    EXPECT_FALSE(mutex.try_lock_for(0s));
    mutex.unlock();
  });
}

// Go's starvation rule, against a fiber that takes the lock again as soon as it has left
// it: on one processor the one that is woken comes too late every time.
TEST(Mutex, WaiterOlderThanAMillisecondGetsTheLock) {
  fiber::run(
      [] {
        Mutex mutex;
        bool got = false;
        mutex.lock();
        auto waiter = fiber::spawn([&] {
          std::scoped_lock lock(mutex);
          got = true;
        });
        fiber::yield();
        int rounds = 0;
        for (; !got && rounds < 50; ++rounds) {
          const auto until = std::chrono::steady_clock::now() + 2ms;
          while (std::chrono::steady_clock::now() < until) {
          }
          mutex.unlock();
          mutex.lock();
          fiber::yield();
        }
        EXPECT_EQ(rounds, 2);  // it loses once, and then the lock is handed over
        mutex.unlock();
        waiter.join();
      },
      {.procs = 1});
}

TEST(Mutex, UnlockOfUnlockedThrows) {
  in_fibers([] {
    Mutex mutex;
    EXPECT_THROW(mutex.unlock(), fiber::UnlockOfUnlocked);
    mutex.lock();
    mutex.unlock();
    EXPECT_THROW(mutex.unlock(), fiber::UnlockOfUnlocked);
    RwMutex rw_mutex;
    EXPECT_THROW(rw_mutex.unlock(), fiber::UnlockOfUnlocked);
    EXPECT_THROW(rw_mutex.unlock_shared(), fiber::UnlockOfUnlocked);
    rw_mutex.lock_shared();
    EXPECT_THROW(rw_mutex.unlock(), fiber::UnlockOfUnlocked);
    rw_mutex.unlock_shared();
  });
}

// As the first run ends the waiter has been woken and has not gone on. It will not take the
// lock, nor must the next run count on it.
TEST(Mutex, WokenWaiterThatStopsWithItsRunIsForgotten) {
  for (unsigned procs : {1U, 4U}) {
    Mutex mutex;
    fiber::run(
        [&] {
          mutex.lock();
          fiber::go([&] { mutex.lock(); });
          fiber::yield();
          mutex.unlock();
        },
        {.procs = 1});
    ASSERT_TRUE(mutex.try_lock());
    mutex.unlock();
    bool locked = false;
    fiber::run(
        [&] {
          mutex.lock();
          auto waiter = fiber::spawn([&] {
            std::scoped_lock lock(mutex);
            locked = true;
          });
          let_others_block();
          mutex.unlock();
          waiter.join();  // the process ends with a deadlock if nobody is woken
        },
        {.procs = procs});
    EXPECT_TRUE(locked);
  }
}

// A finding under the detector, but it works.
TEST(Mutex, AnotherFiberMayUnlock) {
  on_processors([] {
    Mutex mutex;
    mutex.lock();
    fiber::go([&] {
      let_others_block();
      mutex.unlock();
    });
    mutex.lock();  // waits for the other one, as in Go
    mutex.unlock();
  });
}

// Without a detector nobody records who holds a mutex: what is certain is that the only
// thread of the process waits for itself.
TEST(Mutex, LockingTwiceOutsideOfFibersThrows) {
  Mutex mutex;
  std::scoped_lock lock(mutex);
  EXPECT_THROW(mutex.lock(), fiber::Deadlock);
  EXPECT_FALSE(mutex.try_lock());
  EXPECT_FALSE(mutex.try_lock_for(1ms));
  RwMutex rw_mutex;
  std::scoped_lock write(rw_mutex);
  EXPECT_THROW(rw_mutex.lock(), fiber::Deadlock);
  EXPECT_THROW(rw_mutex.lock_shared(), fiber::Deadlock);
}

TEST(RwMutex, ReadersShareWritersExclude) {
  on_processors([] {
    RwMutex mutex;
    int64_t value = 0;
    std::atomic<int> readers{0};
    std::atomic<int> most_readers{0};
    fiber::WaitGroup group;
    for (int i = 0; i < 20; ++i) {
      group.go([&] {
        for (int j = 0; j < 200; ++j) {
          std::shared_lock lock(mutex);
          const int now = ++readers;
          if (now > most_readers) most_readers = now;
          const int64_t before = value;
          if (j % 20 == 0) fiber::yield();
          EXPECT_EQ(value, before);
          --readers;
        }
      });
    }
    for (int i = 0; i < 4; ++i) {
      group.go([&] {
        for (int j = 0; j < 200; ++j) {
          std::unique_lock lock(mutex);
          EXPECT_EQ(readers, 0);
          ++value;
          if (j % 20 == 0) fiber::yield();
        }
      });
    }
    group.wait();
    EXPECT_EQ(value, 800);
    EXPECT_GT(most_readers, 1);
  });
}

TEST(RwMutex, WaitingWriterKeepsNewReadersOut) {
  on_processors([] {
    RwMutex mutex;
    mutex.lock_shared();
    std::vector<char> order;
    auto writer = fiber::spawn([&] {
      std::unique_lock lock(mutex);
      order.push_back('w');
    });
    let_others_block();
    EXPECT_FALSE(mutex.try_lock_shared());
    auto reader = fiber::spawn([&] {
      std::shared_lock lock(mutex);
      order.push_back('r');
    });
    let_others_block();
    EXPECT_TRUE(order.empty());
    mutex.unlock_shared();
    writer.join();
    reader.join();
    EXPECT_EQ(order, (std::vector{'w', 'r'}));
  });
}

TEST(RwMutex, ReadersThatWaitComeBeforeTheNextWriter) {
  on_processors([] {
    RwMutex mutex;
    mutex.lock();
    std::vector<char> order;
    fiber::WaitGroup group;
    group.go([&] {
      std::unique_lock lock(mutex);
      order.push_back('w');
    });
    let_others_block();
    group.go([&] {
      std::shared_lock lock(mutex);
      order.push_back('r');
    });
    let_others_block();
    mutex.unlock();
    group.wait();
    EXPECT_EQ(order, (std::vector{'r', 'w'}));
  });
}

TEST(RwMutex, WriterThatGivesUpLetsReadersIn) {
  on_processors([] {
    RwMutex mutex;
    mutex.lock_shared();
    auto writer = fiber::spawn([&] { return mutex.try_lock_for(20ms); });
    let_others_block();
    auto reader = fiber::spawn([&] { return mutex.try_lock_shared_for(1h); });
    EXPECT_FALSE(writer.join());
    EXPECT_TRUE(reader.join());
    mutex.unlock_shared();
    mutex.unlock_shared();
    EXPECT_TRUE(mutex.try_lock());
    EXPECT_FALSE(mutex.try_lock_shared_for(1ms));
    EXPECT_FALSE(mutex.try_lock_for(1ms));
    mutex.unlock();
  });
}

TEST(RwMutex, TimedLocksUnderLoad) {
  on_processors([] {
    RwMutex mutex;
    int64_t value = 0;
    std::atomic<int64_t> written{0};
    fiber::WaitGroup group;
    for (int i = 0; i < 12; ++i) {
      group.go([&, i] {
        for (int j = 0; j < 100; ++j) {
          const auto patience = std::chrono::microseconds(i * 30);
          if ((i + j) % 3 == 0) {
            std::unique_lock lock(mutex, patience);
            if (lock.owns_lock()) ++value, ++written;
            if (j % 10 == 0) fiber::yield();
          } else {
            std::shared_lock lock(mutex, patience);
            if (lock.owns_lock()) EXPECT_EQ(value, written);
            if (j % 10 == 0) fiber::sleep_for(20us);
          }
        }
      });
    }
    group.wait();
    EXPECT_TRUE(mutex.try_lock());
    EXPECT_EQ(value, written);
    mutex.unlock();
  });
}

}  // namespace
