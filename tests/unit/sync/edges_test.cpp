// Exactly the happens-before edges that design and Go promise: each is there, and none that
// is not promised. Fibers are steered by atomics that the model does not see.
#include <fiber/fiber.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <utility>
#include <vector>

#include "edge_model.h"
#include "on_processors.h"

namespace {

using edge_model::before_here;
using edge_model::Event;
using edge_model::here;
using fiber::Channel;
using fiber::on_receive;
using fiber::on_send;
using namespace fiber_test;

// Orders steps of fibers for the test alone: no edge.
class Steps {
 public:
  void wait_for(int step) const {
    while (step_ < step) fiber::yield();
  }
  void next() { ++step_; }

 private:
  std::atomic<int> step_{0};
};

struct Empty {};
// Moved by its constructor, under the channel's lock.
struct Moved {
  explicit Moved(int v = 0) : text(std::to_string(v)) {}
  std::string text;
};
// Travels in a box.
struct Boxed {
  Boxed() = default;
  Boxed(const Boxed&) {}
};

// How to send and to receive.
struct Plain {
  template <class T>
  static void send(const Channel<T>& channel) {
    channel.send(T());
  }
  template <class T>
  static void receive(const Channel<T>& channel) {
    channel.receive();
  }
};
struct BySelect {
  template <class T>
  static void send(const Channel<T>& channel) {
    fiber::select(on_send(channel, T()), on_receive(Channel<int>()));
  }
  template <class T>
  static void receive(const Channel<T>& channel) {
    fiber::select(on_receive(Channel<int>(3)), on_receive(channel));
  }
};
struct Timed {
  template <class T>
  static void send(const Channel<T>& channel) {
    channel.send_for(T(), 1h);
  }
  template <class T>
  static void receive(const Channel<T>& channel) {
    channel.receive_for(1h);
  }
};

template <class T, class Sender, class Receiver>
struct Pair {
  using Value = T;
  using Send = Sender;
  using Receive = Receiver;
};

template <class P>
class ChannelEdges : public testing::Test {};
using Pairs =
    testing::Types<Pair<int, Plain, Plain>, Pair<Empty, Plain, Plain>, Pair<Moved, Plain, Plain>,
                   Pair<Boxed, Plain, Plain>, Pair<int, BySelect, Plain>,
                   Pair<int, Plain, BySelect>, Pair<Moved, BySelect, BySelect>,
                   Pair<Empty, Timed, Timed>, Pair<Moved, Timed, BySelect>>;
TYPED_TEST_SUITE(ChannelEdges, Pairs);

// One fiber sends, one receives, so the k-th of each is known. Now the one is faster, then
// the other, so that buffers are full and empty and both sides park.
TYPED_TEST(ChannelEdges, KthReceiveBeforeKPlusCthSendAndNothingMore) {
  using T = typename TypeParam::Value;
  constexpr size_t kCount = 60;
  for (size_t capacity : {0U, 1U, 2U, 5U}) {
    for (unsigned procs : {1U, 4U}) {
      fiber::run(
          [&] {
            Channel<T> channel(capacity);
            std::vector<Event> sends(kCount + 1);
            std::vector<Event> receives(kCount + 1);
            std::atomic<size_t> sending{0};
            std::atomic<size_t> receiving{0};
            const auto linger = [](size_t k, size_t phase) {
              if (k / 10 % 2 == phase)
                for (int i = 0; i < 5; ++i) fiber::yield();
            };
            auto receiver = fiber::spawn([&] {
              for (size_t k = 1; k <= kCount; ++k) {
                linger(k, 0);
                receives[k] = here();
                receiving = k;
                TypeParam::Receive::receive(channel);
                EXPECT_TRUE(before_here(sends[k])) << "k=" << k;
                if (sending > k) EXPECT_FALSE(before_here(sends[k + 1])) << "k=" << k;
              }
            });
            for (size_t k = 1; k <= kCount; ++k) {
              linger(k, 1);
              sends[k] = here();
              sending = k;
              TypeParam::Send::send(channel);
              if (k > capacity) EXPECT_TRUE(before_here(receives[k - capacity])) << "k=" << k;
              const size_t later = k > capacity ? k - capacity + 1 : 1;
              if (receiving >= later && later <= kCount)
                EXPECT_FALSE(before_here(receives[later])) << "k=" << k << " C=" << capacity;
            }
            receiver.join();
          },
          {.procs = procs});
    }
  }
}

// Two that receive through one slot, or send through it, learn nothing of each other.
TYPED_TEST(ChannelEdges, UsersOfOneSlotStayUnordered) {
  using T = typename TypeParam::Value;
  for (const bool full : {false, true}) {
    in_fibers([&] {
      Channel<T> channel(1);
      Steps steps;
      Event first_send;
      Event first_receive;
      fiber::WaitGroup group;
      group.go([&] {
        first_send = here();
        TypeParam::Send::send(channel);
        steps.next();
      });
      group.go([&] {  // parks when the buffer is to be full
        steps.wait_for(full ? 1 : 2);
        TypeParam::Send::send(channel);
        EXPECT_FALSE(before_here(first_send));
        EXPECT_TRUE(before_here(first_receive));
        steps.next();
      });
      group.go([&] {
        steps.wait_for(1);
        if (full) let_others_block();
        first_receive = here();
        TypeParam::Receive::receive(channel);
        EXPECT_TRUE(before_here(first_send));
        steps.next();
      });
      group.go([&] {
        steps.wait_for(3);
        TypeParam::Receive::receive(channel);
        EXPECT_FALSE(before_here(first_receive));
        EXPECT_FALSE(before_here(first_send));
      });
      group.wait();
    });
  }
}

TEST(Edges, CloseBeforeReceiveThatReturnsBecauseOfIt) {
  on_processors([] {
    Channel<int> channel(1);
    Steps steps;
    Event close;
    fiber::WaitGroup group;
    group.go([&] {  // parks
      EXPECT_EQ(channel.receive(), 1);
      steps.next();
      EXPECT_EQ(channel.receive(), std::nullopt);
      EXPECT_TRUE(before_here(close));
    });
    group.go([&] {
      channel.send(1);
      steps.wait_for(1);
      let_others_block();
      close = here();
      channel.close();
      steps.next();
    });
    group.go([&] {
      steps.wait_for(2);
      EXPECT_FALSE(before_here(close));
      EXPECT_EQ(channel.try_receive(), std::nullopt);
      EXPECT_TRUE(before_here(close));
    });
    group.wait();
  });
}

TEST(Edges, NothingElseLearnsOfAClose) {
  on_processors([] {
    Channel<int> channel(1);
    channel.send(1);
    Steps steps;
    Event close;
    fiber::WaitGroup group;
    group.go([&] {  // parked when it is closed
      EXPECT_THROW(channel.send(2), fiber::ClosedChannel);
      EXPECT_FALSE(before_here(close));
      steps.next();
    });
    group.go([&] {
      let_others_block();
      close = here();
      channel.close();
      steps.next();
    });
    group.go([&] {
      steps.wait_for(2);
      EXPECT_THROW(channel.send(3), fiber::ClosedChannel);
      EXPECT_THROW(channel.close(), fiber::ClosedChannel);
      EXPECT_EQ(channel.receive(), 1);  // was in the buffer before
      const Channel<int> copy = channel;
      EXPECT_EQ(copy.size() + copy.capacity(), 1U);
      EXPECT_FALSE(before_here(close));
    });
    group.wait();
  });
}

TEST(Edges, SendUnorderedWithCloseIsARace) {
  for (const bool send_first : {true, false}) {
    for (const bool sync : {false, true}) {
      in_fibers([&] {
        edge_model::reset();
        Channel<int> channel(2);
        fiber::Mutex mutex;
        Steps steps;
        fiber::WaitGroup group;
        const auto in_order = [&](auto what) {
          std::unique_lock lock(mutex, std::defer_lock);
          if (sync) lock.lock();
          what();
        };
        group.go([&] {
          if (!send_first) steps.wait_for(1);
          in_order([&] {
            try {
              channel.send(1);
            } catch (const fiber::ClosedChannel&) {
            }
          });
          steps.next();
        });
        group.go([&] {
          if (send_first) steps.wait_for(1);
          in_order([&] { channel.close(); });
          steps.next();
        });
        group.go([&] {  // no race with asking
          steps.wait_for(2);
          EXPECT_LE(channel.size(), channel.capacity());
        });
        group.wait();
        EXPECT_EQ(edge_model::races(), sync ? 0 : 1);
      });
    }
  }
}

TEST(Edges, SendThatHadToWaitAndUnorderedCloseAreARace) {
  on_processors([] {
    edge_model::reset();
    Channel<int> channel;
    Steps steps;
    fiber::WaitGroup group;
    group.go([&] { channel.send(1); });
    group.go([&] {
      let_others_block();
      channel.receive();
      steps.next();
    });
    group.go([&] {
      steps.wait_for(1);
      channel.close();
    });
    group.wait();
    EXPECT_EQ(edge_model::races(), 1);
  });
}

TEST(Edges, SendThatMeetsItsReceiverIsOrderedWithALaterClose) {
  on_processors([] {
    for (size_t capacity : {0U, 1U}) {
      edge_model::reset();
      Channel<int> channel(capacity);
      auto sender = fiber::spawn([=] { channel.send(1); });
      let_others_block();
      channel.receive();
      channel.close();
      EXPECT_EQ(edge_model::races(), 0);
      sender.join();
    }
  });
}

TEST(Edges, CasesThatLoseGiveNone) {
  on_processors([] {
    Channel<int> wins(1);
    Channel<int> loses(1);
    Channel<int> parked;
    Steps steps;
    Event lost;
    Event won;
    fiber::WaitGroup group;
    group.go([&] {
      lost = here();
      loses.send(1);
      steps.next();
    });
    group.go([&] {
      steps.wait_for(1);
      won = here();
      wins.send(1);
      steps.next();
    });
    group.go([&] {
      steps.wait_for(2);
      fiber::select(on_receive(wins), on_receive(parked), on_send(loses, 1));
      EXPECT_TRUE(before_here(won));
      EXPECT_FALSE(before_here(lost));
      const Event waiting = here();
      steps.next();
      fiber::select(on_receive(wins), on_receive(parked), on_send(loses, 1));
      EXPECT_TRUE(before_here(won));  // the second one
      EXPECT_FALSE(before_here(lost));
      static_cast<void>(waiting);
    });
    group.go([&] {
      steps.wait_for(3);
      let_others_block();
      won = here();
      wins.send(1);
    });
    group.wait();
    EXPECT_EQ(loses.receive(), 1);
  });
}

TEST(Edges, LocksOrderTheirHolders) {
  on_processors([] {
    fiber::Mutex mutex;
    fiber::RwMutex rw_mutex;
    Steps steps;
    Event first;
    Event reader;
    fiber::WaitGroup group;
    group.go([&] {
      first = here();
      std::scoped_lock both(mutex, rw_mutex);
      EXPECT_EQ(edge_model::locks_held(), 2U);
      steps.next();
    });
    group.go([&] {
      steps.wait_for(1);
      std::shared_lock lock(rw_mutex);
      EXPECT_TRUE(before_here(first));
      reader = here();
      steps.next();
    });
    group.go([&] {
      steps.wait_for(2);
      std::shared_lock lock(rw_mutex);
      EXPECT_FALSE(before_here(reader));
      lock.unlock();
      steps.next();
    });
    group.go([&] {
      steps.wait_for(3);
      EXPECT_TRUE(mutex.try_lock_for(1h));
      EXPECT_TRUE(before_here(first));
      EXPECT_FALSE(before_here(reader));
      mutex.unlock();
      rw_mutex.lock();
      EXPECT_TRUE(before_here(reader));
      rw_mutex.unlock();
      EXPECT_EQ(edge_model::locks_held(), 0U);
    });
    group.wait();
  });
}

TEST(Edges, DoneBeforeWait) {
  on_processors([] {
    fiber::WaitGroup group;
    Event ends[3];
    for (Event& end : ends) group.go([&] { end = here(); });
    group.wait();
    for (const Event& end : ends) EXPECT_TRUE(before_here(end));
  });
}

TEST(Edges, AddFromZeroUnorderedWithWaitIsARace) {
  for (const bool wait_first : {false, true}) {
    in_fibers([&] {
      edge_model::reset();
      fiber::WaitGroup subject;
      Steps steps;
      fiber::WaitGroup group;
      group.go([&] {
        if (wait_first) steps.wait_for(2);
        subject.add(1);
        subject.add(1);
        subject.add(-2);
        steps.next();
      });
      for (int i = 0; i < 2; ++i) {  // two waits are no race with each other
        group.go([&] {
          if (!wait_first) steps.wait_for(1);
          subject.wait();
          steps.next();
        });
      }
      group.wait();
      EXPECT_EQ(edge_model::races(), 2);
    });
  }
}

TEST(Edges, OrderedAddsAndWaitsAreNoRace) {
  on_processors([] {
    edge_model::reset();
    fiber::WaitGroup subject;
    for (int round = 0; round < 3; ++round) {
      subject.add(2);
      for (int i = 0; i < 2; ++i) fiber::go([&] { subject.done(); });
      auto other = fiber::spawn([&] { subject.wait(); });
      subject.wait();
      other.join();
    }
    EXPECT_EQ(edge_model::races(), 0);
  });
}

TEST(Edges, OnceSemaphoreLatchBarrier) {
  on_processors([] {
    fiber::Once once;
    fiber::Semaphore semaphore(0);
    fiber::Latch latch(2);
    fiber::Barrier barrier(2);
    Event in_once;
    Event before_release;
    Event before_count_down;
    Event before_arrival;
    auto other = fiber::spawn([&] {
      once.call([&] { in_once = here(); });
      before_release = here();
      semaphore.release();
      before_count_down = here();
      latch.count_down();
      for (int round = 0; round < 4; ++round) {
        before_arrival = here();
        barrier.arrive_and_wait();
        barrier.arrive_and_wait();
      }
    });
    while (!once.done()) fiber::yield();
    EXPECT_FALSE(before_here(in_once));
    once.call([] {});
    EXPECT_TRUE(before_here(in_once));
    semaphore.acquire();
    EXPECT_TRUE(before_here(before_release));
    latch.arrive_and_wait();
    EXPECT_TRUE(before_here(before_count_down));
    for (int round = 0; round < 4; ++round) {
      barrier.arrive_and_wait();
      EXPECT_TRUE(before_here(before_arrival));
      barrier.arrive_and_wait();
    }
    other.join();
  });
}

// One that has gone on to the next round tells nothing to one that leaves the last.
TEST(Edges, RoundsOfABarrierAreApart) {
  fiber::run(
      [] {
        fiber::Barrier barrier(2);
        Event in_next_round;
        auto slow = fiber::spawn([&] {
          barrier.arrive_and_wait();
          EXPECT_NE(in_next_round.fiber, 0U);  // the other one has been there
          EXPECT_FALSE(before_here(in_next_round));
          barrier.arrive_and_wait();
          EXPECT_TRUE(before_here(in_next_round));
        });
        fiber::yield();
        barrier.arrive_and_wait();  // wakes the slow one and goes on
        in_next_round = here();
        barrier.arrive_and_wait();
        slow.join();
      },
      {.procs = 1});
}

TEST(Edges, NotifyBeforeTheWaitItEnds) {
  on_processors([] {
    fiber::Mutex mutex;
    fiber::ConditionVariable condition;
    std::atomic<bool> told{false};
    Event before_notify;
    auto waiter = fiber::spawn([&] {
      std::unique_lock lock(mutex);
      EXPECT_EQ(condition.wait_for(lock, 1ms), std::cv_status::timeout);
      told = true;
      condition.wait(lock);
      EXPECT_TRUE(before_here(before_notify));
    });
    while (!told) fiber::yield();
    let_others_block();
    before_notify = here();
    condition.notify_one();  // without the lock: the edge is its own
    waiter.join();
  });
}

// Each lock has its way to be taken, in a fiber that knows nothing of its last holder.
TEST(Edges, EveryWayToTakeALockAcquires) {
  on_processors([] {
    fiber::Mutex mutexes[3];
    fiber::RwMutex rw_mutexes[6];
    Event before;
    Steps steps;
    fiber::WaitGroup group;
    group.go([&] {
      before = here();
      for (fiber::Mutex& mutex : mutexes) std::scoped_lock lock(mutex);
      for (fiber::RwMutex& mutex : rw_mutexes) std::scoped_lock lock(mutex);
      steps.next();
    });
    const auto taken = [&](auto take, auto unlock) {
      group.go([&, take, unlock] {
        steps.wait_for(1);
        EXPECT_FALSE(before_here(before));
        EXPECT_TRUE(take());
        EXPECT_TRUE(before_here(before));
        unlock();
      });
    };
    const auto shared = [&](int i, auto take) {
      taken(take, [&, i] { rw_mutexes[i].unlock_shared(); });
    };
    const auto alone = [&](int i, auto take) { taken(take, [&, i] { rw_mutexes[i].unlock(); }); };
    taken([&] { return mutexes[0].lock(), true; }, [&] { mutexes[0].unlock(); });
    taken([&] { return mutexes[1].try_lock(); }, [&] { mutexes[1].unlock(); });
    taken([&] { return mutexes[2].try_lock_for(1h); }, [&] { mutexes[2].unlock(); });
    alone(0, [&] { return rw_mutexes[0].lock(), true; });
    alone(1, [&] { return rw_mutexes[1].try_lock(); });
    alone(2, [&] { return rw_mutexes[2].try_lock_for(1h); });
    shared(3, [&] { return rw_mutexes[3].lock_shared(), true; });
    shared(4, [&] { return rw_mutexes[4].try_lock_shared(); });
    shared(5, [&] { return rw_mutexes[5].try_lock_shared_for(1h); });
    group.wait();
  });
}

TEST(Edges, WhoWaitsForAOnceComesAfterItsCall) {
  on_processors([] {
    fiber::Once once;
    Steps steps;
    Event in_once;
    auto other = fiber::spawn([&] {
      once.call([&] {
        steps.next();
        let_others_block();
        in_once = here();
      });
    });
    steps.wait_for(1);
    once.call([] {});
    EXPECT_TRUE(before_here(in_once));
    other.join();
  });
}

TEST(Edges, AllReleasesOfASemaphoreAreAcquired) {
  on_processors([] {
    fiber::Semaphore semaphore(0);
    Event before[2];
    fiber::WaitGroup group;
    for (Event& event : before)
      group.go([&] {
        event = here();
        semaphore.release();
      });
    semaphore.acquire(2);
    for (const Event& event : before) EXPECT_TRUE(before_here(event));
    group.wait();
  });
}

TEST(Edges, DonesOfAWaitGroupStayUnordered) {
  on_processors([] {
    fiber::WaitGroup subject;
    subject.add(2);
    Steps steps;
    Event first;
    fiber::WaitGroup group;
    group.go([&] {
      first = here();
      subject.done();
      steps.next();
    });
    group.go([&] {
      steps.wait_for(1);
      subject.done();
      EXPECT_FALSE(before_here(first));
    });
    group.wait();
  });
}

// Its destroyer comes after `made`.
struct DestroyedAfter {
  explicit DestroyedAfter(const Event* event) : made(event) {}
  DestroyedAfter(DestroyedAfter&& other) noexcept : made(std::exchange(other.made, nullptr)) {}
  ~DestroyedAfter() {
    if (made == nullptr) return;
    EXPECT_TRUE(before_here(*made));
    ++destroyed;
  }
  const Event* made;
  static inline std::atomic<int> destroyed{0};
};

TEST(Edges, ValuesLeftInAChannelAreDestroyedAfterTheirSends) {
  on_processors([] {
    DestroyedAfter::destroyed = 0;
    auto channel = std::make_unique<Channel<DestroyedAfter>>(1);
    Event sent;
    Steps steps;
    fiber::WaitGroup group;
    group.go([&] {
      sent = here();
      channel->send(DestroyedAfter(&sent));
      steps.next();
    });
    steps.wait_for(1);
    EXPECT_FALSE(before_here(sent));
    channel.reset();
    EXPECT_EQ(DestroyedAfter::destroyed, 1);
    group.wait();
  });
}

TEST(Edges, AResultThatNobodyJoinsIsDestroyedAfterItsFiber) {
  on_processors([] {
    DestroyedAfter::destroyed = 0;
    Event ran;
    auto handle = fiber::spawn([&] {
      ran = here();
      return DestroyedAfter(&ran);
    });
    let_others_block();
    EXPECT_FALSE(before_here(ran));
    handle.detach();
    while (DestroyedAfter::destroyed == 0) fiber::yield();
  });
}

}  // namespace
