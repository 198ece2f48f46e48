// Many fibers on few and many processors: nothing lost, nothing twice, nobody left behind.
// A fiber that is left behind is a deadlock, which ends the test with the runtime's report.
#include <fiber/fiber.h>

#include <atomic>
#include <cstring>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <vector>

#include "on_processors.h"

namespace {

using fiber::Channel;
using fiber::on_receive;
using fiber::on_send;
using fiber::on_timeout;
using namespace fiber_test;

// Who received which value, how often.
class Tally {
 public:
  explicit Tally(size_t count) : seen_(count) {}
  void add(int value) { seen_.at(static_cast<size_t>(value)).fetch_add(1); }
  void expect_each_once() const {
    for (size_t i = 0; i < seen_.size(); ++i) ASSERT_EQ(seen_[i], 1) << "value " << i;
  }
  int total() const {
    int sum = 0;
    for (const auto& count : seen_) sum += count;
    return sum;
  }

 private:
  std::vector<std::atomic<int>> seen_;
};

TEST(Stress, ManySendersAndReceiversLoseNothing) {
  constexpr int kSenders = 8;
  constexpr int kEach = 2000;
  for (size_t capacity : {0U, 1U, 3U, 64U}) {
    on_processors([&] {
      Channel<std::string> channel(capacity);
      Tally tally(kSenders * kEach);
      fiber::WaitGroup senders;
      fiber::WaitGroup receivers;
      for (int s = 0; s < kSenders; ++s) {
        senders.go([&, s] {
          for (int i = 0; i < kEach; ++i) channel.send(std::to_string(s * kEach + i));
        });
      }
      for (int r = 0; r < 5; ++r) {
        receivers.go([&] {
          for (const std::string& value : channel) tally.add(std::stoi(value));
        });
      }
      senders.wait();
      channel.close();
      receivers.wait();
      tally.expect_each_once();
    });
  }
}

// Senders and receivers select over three channels each; what one side counts as sent the
// other has received. A select that takes two cases breaks the sum.
TEST(Stress, SelectNeverTakesTwoCases) {
  for (size_t capacity : {0U, 2U}) {
    on_processors([&] {
      constexpr int kFibers = 6;
      constexpr int kEach = 1000;
      Channel<std::unique_ptr<int>> channels[3] = {Channel<std::unique_ptr<int>>(capacity),
                                                   Channel<std::unique_ptr<int>>(capacity),
                                                   Channel<std::unique_ptr<int>>(capacity)};
      Channel<int> done;
      Tally tally(kFibers * kEach);
      fiber::WaitGroup senders;
      fiber::WaitGroup receivers;
      for (int s = 0; s < kFibers; ++s) {
        senders.go([&, s] {
          for (int i = 0; i < kEach; ++i) {
            const auto make = [&] { return std::make_unique<int>(s * kEach + i); };
            fiber::select(on_send(channels[0], make), on_send(channels[1], make),
                          on_send(channels[2], make));
          }
        });
        receivers.go([&] {
          bool going = true;
          const auto take = [&](std::optional<std::unique_ptr<int>> value) { tally.add(**value); };
          while (going) {
            fiber::select(on_receive(channels[0], take), on_receive(channels[1], take),
                          on_receive(channels[2], take),
                          on_receive(done, [&](std::optional<int>) { going = false; }));
          }
        });
      }
      senders.wait();
      while (tally.total() +
                 static_cast<int>(channels[0].size() + channels[1].size() + channels[2].size()) <
             kFibers * kEach)
        fiber::yield();
      done.close();
      receivers.wait();
      for (auto& channel : channels)
        while (auto left = channel.try_receive()) tally.add(**left);
      tally.expect_each_once();
    });
  }
}

// Fibers that both send and receive on the same pair of channels, in opposite orders.
TEST(Stress, SelectsThatFaceEachOther) {
  on_processors([] {
    Channel<int> a;
    Channel<int> b;
    std::atomic<int64_t> balance{0};
    fiber::WaitGroup group;
    const auto play = [&](const Channel<int>& first, const Channel<int>& second) {
      for (int i = 0; i < 2000; ++i) {
        fiber::select(on_send(first, 1, [&] { ++balance; }),
                      on_receive(second, [&](std::optional<int> value) { balance -= *value; }),
                      on_timeout(1ms));
      }
    };
    for (int i = 0; i < 4; ++i) {
      group.go([&] { play(a, b); });
      group.go([&] { play(b, a); });
    }
    group.wait();
    EXPECT_EQ(balance, 0);
  });
}

// Nothing is ever ready, so each takes the locks of all channels: two that took them in the
// order of their cases would block each other at once.
TEST(Stress, SelectsInOppositeOrders) {
  for (int round = 0; round < 5; ++round) {
    fiber::run(
        [] {
          std::vector<Channel<int>> channels(6);
          std::atomic<int> arrived{0};
          fiber::WaitGroup group;
          for (const bool forward : {true, false}) {
            group.go([&, forward] {
              fiber::Select select;
              for (size_t i = 0; i < channels.size(); ++i)
                select.add(on_receive(channels[forward ? i : channels.size() - 1 - i]));
              select.add(fiber::otherwise());
              ++arrived;
              while (arrived < 2) {  // no yield: each on its own processor
              }
              for (int i = 0; i < 20000; ++i) ASSERT_EQ(select.wait(), channels.size());
            });
          }
          group.wait();
        },
        {.procs = 2});
  }
}

// One value goes round: it is put into the next channel before it is taken out of the last.
// So one channel always has a value, and a select never finds that none has.
TEST(Stress, SelectSeesAllChannelsAtOnce) {
  on_processors([] {
    Channel<int> channels[3] = {Channel<int>(1), Channel<int>(1), Channel<int>(1)};
    std::atomic<bool> over{false};
    channels[0].send(1);
    fiber::WaitGroup group;
    group.go([&] {
      for (size_t at = 0; !over; at = (at + 1) % 3) {
        channels[(at + 1) % 3].send(1);
        while (!channels[at].try_receive()) fiber::yield();
        if (at == 0) fiber::yield();
      }
    });
    for (int i = 0; i < 3000; ++i) {
      // What it takes out it puts back where it was.
      const size_t taken = fiber::select(on_receive(channels[2]), on_receive(channels[1]),
                                         on_receive(channels[0]), fiber::otherwise());
      ASSERT_LT(taken, 3U) << "a select missed a value that was there all the time";
      channels[2 - taken].send(1);
      if (i % 64 == 0) fiber::yield();
    }
    over = true;
    group.wait();
  });
}

// A time-out and its partner come at the same moment: both agree on who won.
TEST(Stress, TimersAgainstData) {
  for (size_t capacity : {0U, 1U}) {
    on_processors([&] {
      Channel<std::string> channel(capacity);
      std::atomic<int> sent{0};
      std::atomic<int> received{0};
      fiber::WaitGroup group;
      for (int f = 0; f < 6; ++f) {
        group.go([&, f] {
          for (int i = 0; i < 150; ++i) {
            std::string value = std::to_string(i) + std::string(30, 'x');
            const bool taken =
                channel.send_for(std::move(value), std::chrono::microseconds((i + f) % 7 * 20));
            sent += taken;
            // NOLINTNEXTLINE: that is the point
            if (!taken) EXPECT_EQ(value, std::to_string(i) + std::string(30, 'x'));
          }
        });
        group.go([&, f] {
          for (int i = 0; i < 150; ++i) {
            const auto patience = std::chrono::microseconds((i * 3 + f) % 7 * 20);
            if (i % 2 == 0) {
              received += channel.receive_for(patience).has_value();
            } else {
              fiber::select(on_timeout(patience), on_receive(channel, [&](auto value) {
                              received += value.has_value();
                            }));
            }
          }
        });
      }
      group.wait();
      EXPECT_EQ(sent, received + static_cast<int>(channel.size()));
    });
  }
}

TEST(Stress, CloseAgainstBlockedSendersAndReceivers) {
  on_processors([] {
    for (int round = 0; round < 60; ++round) {
      Channel<std::string> channel(static_cast<size_t>(round % 3));
      std::atomic<int> sent{0};
      std::atomic<int> received{0};
      fiber::WaitGroup group;
      for (int i = 0; i < 4; ++i) {
        group.go([&] {
          try {
            for (;;) {
              channel.send("value");
              ++sent;
            }
          } catch (const fiber::ClosedChannel&) {
          }
        });
        group.go([&] {
          while (channel.receive()) ++received;
        });
        group.go([&] {
          bool open = true;
          while (open) {
            fiber::select(on_receive(channel, [&](auto value) {
              open = value.has_value();
              received += open;
            }));
          }
        });
      }
      for (int i = 0; i < round; ++i) fiber::yield();
      channel.close();
      group.wait();
      EXPECT_EQ(sent, received);
    }
  });
}

// Whoever has seen the last operation end frees the object at once.
TEST(Stress, WaitGroupMayGoWhenWaitReturns) {
  on_processors([] {
    for (int i = 0; i < 1500; ++i) {
      auto group = std::make_unique<fiber::WaitGroup>();
      fiber::WaitGroup* alias = group.get();
      alias->add(2);
      for (int f = 0; f < 2; ++f) fiber::go([alias] { alias->done(); });
      if (i % 3 == 0) fiber::yield();
      group->wait();
      std::memset(static_cast<void*>(alias), 0xff, sizeof(*alias));
      new (alias) fiber::WaitGroup;  // for the destructor
    }
  });
}

TEST(Stress, LocksAndSemaphoresMayGoWhenSeenFree) {
  on_processors([] {
    struct Objects {
      fiber::Mutex mutex;
      fiber::RwMutex rw_mutex;
      fiber::Semaphore semaphore{0};
      bool finished = false;
      bool rw_finished = false;
    };
    for (int i = 0; i < 700; ++i) {
      auto owned = std::make_unique<Objects>();
      Objects* objects = owned.get();
      fiber::go([objects] {
        std::scoped_lock lock(objects->mutex);
        objects->finished = true;
      });
      int tries = 0;
      for (bool seen = false; !seen; ++tries) {
        if (i % 2 == 0 || tries > 20) fiber::yield();
        std::scoped_lock lock(objects->mutex);
        seen = objects->finished;
      }
      fiber::go([objects] {
        std::scoped_lock lock(objects->rw_mutex);
        objects->rw_finished = true;
      });
      tries = 0;
      for (bool seen = false; !seen; ++tries) {
        if (i % 2 == 0 || tries > 20) fiber::yield();
        std::shared_lock lock(objects->rw_mutex);
        seen = objects->rw_finished;
      }
      fiber::go([objects] { objects->semaphore.release(); });
      objects->semaphore.acquire();
      owned.reset();
      auto reused = std::make_unique<char[]>(sizeof(Objects));
      std::memset(reused.get(), 0xff, sizeof(Objects));
    }
  });
}

// The receiver frees the channel that the sender used through a reference.
TEST(Stress, ChannelMayGoWhenItsValueHasArrived) {
  for (size_t capacity : {0U, 1U}) {
    on_processors([&] {
      fiber::WaitGroup senders;
      for (int i = 0; i < 1000; ++i) {
        auto owned = std::make_unique<Channel<int>>(capacity);
        const Channel<int>* channel = owned.get();
        if (i % 2 == 0) {
          senders.go([channel] { channel->send(1); });
        } else {
          senders.go([channel] { fiber::select(on_send(*channel, 1)); });
        }
        if (i % 3 == 0) fiber::yield();
        owned->receive();
        owned.reset();
      }
      senders.wait();
    });
  }
}

// Objects outlive the run in which fibers waited for them; those fibers are gone.
TEST(Stress, WaitersOfAnEndedRunAreNotServed) {
  // Never freed: the stopped fibers hold references for ever.
  static const auto& channel = *new Channel<int>;
  static const auto& full = *new Channel<int>(1);
  fiber::Mutex mutex;
  fiber::RwMutex rw_mutex;
  fiber::Semaphore semaphore(0);
  std::atomic<int> served{0};
  for (unsigned procs : {1U, 4U}) {
    fiber::run(
        [&] {
          mutex.lock();
          rw_mutex.lock();
          full.send(1);
          for (int i = 0; i < 3; ++i) {
            fiber::go([&] { served += channel.receive().has_value(); });
            fiber::go([&] { fiber::select(on_receive(channel, [&](auto) { ++served; })); });
            fiber::go([&] { full.send(2); });
            fiber::go([&] { mutex.lock(); });
            fiber::go([&] { rw_mutex.lock_shared(); });
            fiber::go([&] { semaphore.acquire(); });
          }
          let_others_block();
        },
        {.procs = procs});
    fiber::run(
        [&] {
          EXPECT_FALSE(channel.try_send(7));
          EXPECT_EQ(full.receive(), 1);
          EXPECT_EQ(full.try_receive(), std::nullopt);
          semaphore.release();
          EXPECT_TRUE(semaphore.try_acquire());
          mutex.unlock();
          rw_mutex.unlock();
          fiber::WaitGroup group;
          for (int i = 0; i < 10; ++i) {
            group.go([&] {
              std::scoped_lock both(mutex, rw_mutex);
              fiber::yield();
            });
          }
          group.wait();
        },
        {.procs = procs});
  }
  EXPECT_EQ(served, 0);
}

}  // namespace
