// Channel<T>: what Go's channels promise, one rule for each test.
#include <fiber/channel.h>

#include <algorithm>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "on_processors.h"

namespace {

using fiber::Channel;
using fiber::ChannelStatus;
using fiber::ReceiveChannel;
using fiber::SendChannel;
using namespace fiber_test;

TEST(Channel, IsFirstInFirstOut) {
  for (size_t capacity : {0U, 1U, 7U, 1000U}) {
    on_processors([&] {
      Channel<int> channel(capacity);
      auto sender = fiber::spawn([channel] {
        for (int i = 0; i < 1000; ++i) channel.send(i);
        channel.close();
      });
      int expected = 0;
      for (int value : channel) ASSERT_EQ(value, expected++);
      EXPECT_EQ(expected, 1000);
      sender.join();
    });
  }
}

TEST(Channel, UnbufferedSendWaitsForItsReceiver) {
  on_processors([] {
    Channel<int> channel;
    std::atomic<bool> sent{false};
    fiber::go([&, channel] {
      channel.send(1);
      sent = true;
    });
    let_others_block();
    EXPECT_FALSE(sent);
    EXPECT_EQ(channel.receive(), 1);
    while (!sent) fiber::yield();
  });
}

TEST(Channel, BufferTakesAsManyAsItsCapacity) {
  in_fibers([] {
    Channel<int> channel(2);
    EXPECT_TRUE(channel.empty());
    EXPECT_TRUE(channel.try_send(1));
    EXPECT_TRUE(channel.try_send(2));
    EXPECT_FALSE(channel.try_send(3));
    EXPECT_EQ(channel.size(), 2U);
    EXPECT_EQ(channel.capacity(), 2U);
    EXPECT_EQ(channel.receive(), 1);
    EXPECT_TRUE(channel.try_send(3));
    EXPECT_EQ(channel.receive(), 2);
    EXPECT_EQ(channel.receive(), 3);
    EXPECT_EQ(channel.try_receive(), std::nullopt);
  });
}

TEST(Channel, ClosedGivesWhatIsLeftAndThenNothing) {
  in_fibers([] {
    Channel<int> channel(3);
    channel.send(1);
    channel.send(2);
    channel.close();
    EXPECT_EQ(channel.receive(), 1);
    EXPECT_EQ(channel.receive(), 2);
    EXPECT_EQ(channel.receive(), std::nullopt);
    EXPECT_EQ(channel.receive(), std::nullopt);
    int value = 7;
    EXPECT_EQ(channel.try_receive(value), ChannelStatus::kClosed);
    EXPECT_EQ(channel.receive_for(value, 1h), ChannelStatus::kClosed);
    EXPECT_EQ(value, 7);
  });
}

TEST(Channel, SendAndCloseOnClosedThrow) {
  in_fibers([] {
    Channel<int> channel(3);
    channel.close();
    EXPECT_THROW(channel.send(1), fiber::ClosedChannel);
    EXPECT_THROW(channel.try_send(1), fiber::ClosedChannel);
    EXPECT_THROW(channel.send_for(1, 1h), fiber::ClosedChannel);
    EXPECT_THROW(channel.close(), fiber::ClosedChannel);
    EXPECT_THROW(Channel<int>::nil().close(), fiber::ClosedChannel);
  });
}

TEST(Channel, CloseWakesEverybodyWhoIsBlocked) {
  on_processors([] {
    Channel<int> empty;
    Channel<int> full(1);
    full.send(0);
    std::atomic<int> nothing{0};
    std::atomic<int> thrown{0};
    fiber::WaitGroup group;
    for (int i = 0; i < 20; ++i) {
      group.go([&] { nothing += empty.receive() == std::nullopt; });
      group.go([&] {
        try {
          full.send(1);
        } catch (const fiber::ClosedChannel&) {
          ++thrown;
        }
      });
    }
    let_others_block();
    empty.close();
    full.close();
    group.wait();
    EXPECT_EQ(nothing, 20);
    EXPECT_EQ(thrown, 20);
    EXPECT_EQ(full.receive(), 0);
    EXPECT_EQ(full.receive(), std::nullopt);
  });
}

TEST(Channel, StatusSaysWhyThereIsNoValue) {
  in_fibers([] {
    Channel<int> channel;
    int value = 0;
    EXPECT_EQ(channel.try_receive(value), ChannelStatus::kEmpty);
    EXPECT_EQ(channel.receive_for(value, 1ms), ChannelStatus::kTimeout);
    fiber::go([=] { channel.send(5); });
    EXPECT_EQ(channel.receive_for(value, 1h), ChannelStatus::kOk);
    EXPECT_EQ(value, 5);
  });
}

TEST(Channel, TimedOperationsEndInTime) {
  on_processors([] {
    Channel<int> channel;
    const auto start = std::chrono::steady_clock::now();
    EXPECT_EQ(channel.receive_for(20ms), std::nullopt);
    EXPECT_FALSE(channel.send_for(1, 20ms));
    EXPECT_GE(std::chrono::steady_clock::now() - start, 40ms);
    EXPECT_FALSE(channel.send_for(1, -1s));
    EXPECT_EQ(channel.receive_for(0s), std::nullopt);
    fiber::go([=] { channel.send_for(2, std::chrono::hours::max()); });
    EXPECT_EQ(channel.receive_for(std::chrono::hours::max()), 2);
  });
}

// A nil channel blocks for ever; with a time-out for that long.
TEST(Channel, NilIsNeverReady) {
  in_fibers([] {
    const auto nil = Channel<int>::nil();
    EXPECT_FALSE(nil);
    EXPECT_TRUE(Channel<int>());
    EXPECT_FALSE(nil.try_send(1));
    EXPECT_EQ(nil.try_receive(), std::nullopt);
    EXPECT_FALSE(nil.send_for(1, 2ms));
    EXPECT_EQ(nil.receive_for(2ms), std::nullopt);
    EXPECT_EQ(nil.size(), 0U);
    EXPECT_EQ(nil.capacity(), 0U);
    std::atomic<bool> passed{false};
    fiber::go([&, nil] {
      nil.receive();
      passed = true;
    });
    fiber::go([&, nil] {
      nil.send(1);
      passed = true;
    });
    let_others_block();
    EXPECT_FALSE(passed);
  });
}

TEST(Channel, HandlesAreSharedComparableAndConvertible) {
  in_fibers([] {
    Channel<int> a(1);
    Channel<int> b = a;
    Channel<int> c(1);
    EXPECT_EQ(a, b);
    EXPECT_NE(a, c);
    SendChannel<int> to = a;
    ReceiveChannel<int> from = a;
    to.send(4);
    EXPECT_EQ(from.receive(), 4);
    EXPECT_EQ(SendChannel<int>(), Channel<int>::nil());
    Channel<int> moved = std::move(b);
    EXPECT_FALSE(b);  // NOLINT: what a moved handle is
    EXPECT_EQ(moved, a);
    c = std::as_const(c);
    EXPECT_TRUE(c);
    static_assert(std::is_convertible_v<Channel<int>, SendChannel<int>>);
    static_assert(!std::is_convertible_v<ReceiveChannel<int>, Channel<int>>);
    static_assert(!std::is_convertible_v<size_t, Channel<int>>);
    static_assert(!std::is_convertible_v<Channel<int>, bool>);
    struct Aggregate {
      int number;
      Channel<int> channel;
    };
    Aggregate aggregate{1, {}};
    Channel<int> array[3] = {};
    EXPECT_NE(aggregate.channel, array[2]);
  });
}

// An operation keeps its channel, whatever becomes of the handle it was called on.
TEST(Channel, HandleMayGoWhileAnOperationWaits) {
  on_processors([] {
    auto handle = std::make_unique<Channel<std::string>>();
    Channel<std::string> other = *handle;
    auto receiver = fiber::spawn([&] { return handle->receive(); });
    let_others_block();
    handle.reset();
    other.send("kept");
    EXPECT_EQ(receiver.join(), "kept");
    const Channel<std::string> kept = other;
    auto sender = fiber::spawn([&] { other.send("late"); });
    let_others_block();
    other = Channel<std::string>(1);
    EXPECT_EQ(kept.receive(), "late");
    sender.join();
    EXPECT_EQ(other.size(), 0U);
  });
}

TEST(Channel, RangeForAndAlgorithms) {
  in_fibers([] {
    Channel<int> channel(10);
    for (int i = 0; i < 5; ++i) channel.send(i);
    channel.close();
    std::vector<int> got;
    std::copy(channel.begin(), channel.end(), std::back_inserter(got));
    EXPECT_EQ(got, (std::vector{0, 1, 2, 3, 4}));
    for (int value : Channel<int>([] {
           Channel<int> temporary(1);
           temporary.send(9);
           temporary.close();
           return temporary;
         }()))
      EXPECT_EQ(value, 9);
  });
}

TEST(Channel, RefusesACapacityLargerThanMemory) {
  EXPECT_THROW(Channel<int>(static_cast<size_t>(-1)), std::length_error);
  EXPECT_THROW(Channel<int>(SIZE_MAX / 2), std::length_error);
}

TEST(Channel, WorksOutsideOfRunWhileNobodyHasToWait) {
  Channel<int> channel(1);
  channel.send(1);
  EXPECT_FALSE(channel.try_send(2));
  EXPECT_EQ(channel.receive(), 1);
  channel.close();
  EXPECT_EQ(channel.receive(), std::nullopt);
}

}  // namespace
