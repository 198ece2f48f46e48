// select and Select.
#include <fiber/select.h>

#include <array>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "on_processors.h"

namespace {

using fiber::Channel;
using fiber::on_receive;
using fiber::on_send;
using fiber::on_timeout;
using fiber::otherwise;
using fiber::Select;
using namespace fiber_test;

TEST(Select, TakesWhatIsReadyAndReturnsItsPosition) {
  in_fibers([] {
    Channel<int> a(1);
    Channel<std::string> b(1);
    b.send("b");
    std::string got;
    EXPECT_EQ(
        fiber::select(on_timeout(1h), on_receive(a), on_receive(b, [&](auto s) { got = *s; })), 2U);
    EXPECT_EQ(got, "b");
    EXPECT_EQ(fiber::select(otherwise(), on_receive(a), on_send(a, 7)), 2U);
    EXPECT_EQ(a.receive(), 7);
    EXPECT_EQ(fiber::select(on_receive(a), otherwise([&] { got = "none"; })), 1U);
    EXPECT_EQ(got, "none");
    EXPECT_EQ(fiber::select(on_receive(a), on_timeout(1h), on_timeout(1ms)), 2U);
    EXPECT_EQ(fiber::select(on_receive(a), on_timeout(0s)), 1U);
    EXPECT_EQ(fiber::select(on_receive(Channel<int>::nil()), on_timeout(1ms)), 1U);
  });
}

TEST(Select, ClosedIsReadyToReceive) {
  in_fibers([] {
    Channel<int> closed;
    closed.close();
    bool nothing = false;
    fiber::select(on_receive(closed, [&](std::optional<int> v) { nothing = !v; }));
    EXPECT_TRUE(nothing);
    EXPECT_THROW(fiber::select(on_send(closed, 1)), fiber::ClosedChannel);
    EXPECT_THROW(fiber::select(on_send(closed, 1), otherwise()), fiber::ClosedChannel);
  });
}

TEST(Select, BlockedIsWokenByClose) {
  on_processors([] {
    Channel<int> a;
    Channel<int> b;
    auto receiver = fiber::spawn([=] {
      bool open = true;
      fiber::select(on_receive(a, [&](auto v) { open = v.has_value(); }),
                    on_receive(Channel<int>()));
      return open;
    });
    auto sender = fiber::spawn([=] {
      EXPECT_THROW(fiber::select(on_send(b, 1), on_receive(Channel<int>())), fiber::ClosedChannel);
    });
    let_others_block();
    a.close();
    EXPECT_FALSE(receiver.join());
    b.close();
    sender.join();
  });
}

TEST(Select, ChoosesFairlyAmongTheReady) {
  in_fibers([] {
    std::array<Channel<int>, 3> channels{Channel<int>(1), Channel<int>(1), Channel<int>(1)};
    std::array<int, 3> taken{};
    for (int i = 0; i < 6000; ++i) {
      for (auto& channel : channels) static_cast<void>(channel.try_send(1));
      ++taken[fiber::select(on_receive(channels[0]), on_receive(channels[1]),
                            on_receive(channels[2]))];
    }
    // 2000 each is expected; 37 is one standard deviation.
    for (int count : taken) EXPECT_NEAR(count, 2000, 300);
  });
}

TEST(Select, PartnersMeetInUnbufferedChannels) {
  on_processors([] {
    Channel<int> a;
    Channel<int> b;
    auto other = fiber::spawn([=] {
      int sum = 0;
      for (int i = 0; i < 500; ++i)
        fiber::select(on_receive(a, [&](auto v) { sum += *v; }),
                      on_receive(b, [&](auto v) { sum += *v; }));
      return sum;
    });
    for (int i = 0; i < 500; ++i) fiber::select(on_send(a, 1), on_send(b, 1));
    EXPECT_EQ(other.join(), 500);
  });
}

// Both ends of one channel in one select never meet each other.
TEST(Select, DoesNotMeetItself) {
  in_fibers([] {
    Channel<int> channel;
    EXPECT_EQ(fiber::select(on_send(channel, 1), on_receive(channel), on_timeout(2ms)), 2U);
    auto other = fiber::spawn([=] { return channel.receive(); });
    EXPECT_EQ(fiber::select(on_send(channel, 1), on_receive(channel)), 0U);
    EXPECT_EQ(other.join(), 1);
  });
}

TEST(Select, HandlersMayDoAnything) {
  on_processors([] {
    Channel<int> channel(1);
    channel.send(1);
    int inner = 0;
    fiber::select(on_receive(channel, [&](std::optional<int>) {
      channel = Channel<int>(1);
      fiber::select(on_send(channel, 5));
      fiber::yield();
      inner = *channel.receive();
    }));
    EXPECT_EQ(inner, 5);
    EXPECT_THROW(fiber::select(otherwise([] { throw std::runtime_error("handler"); })),
                 std::runtime_error);
    bool unwound = false;
    fiber::WaitGroup group;
    group.go([&] {
      fiber::Defer note([&] { unwound = true; });
      fiber::select(otherwise([] { fiber::exit_fiber(); }));
    });
    group.wait();
    EXPECT_TRUE(unwound);
  });
}

TEST(Select, KeepsTheChannelsOfItsCases) {
  on_processors([] {
    Channel<int> handle;
    Channel<int> other = handle;
    auto selecting = fiber::spawn([&] {
      int got = 0;
      fiber::select(on_receive(handle, [&](auto v) { got = *v; }), on_receive(Channel<int>(3)));
      return got;
    });
    let_others_block();
    handle = Channel<int>();
    other.send(4);
    EXPECT_EQ(selecting.join(), 4);
  });
}

TEST(Select, OwnsWhatItSends) {
  on_processors([] {
    Channel<std::unique_ptr<int>> pointers;
    auto value = std::make_unique<int>(3);
    auto receiver = fiber::spawn([=] { return **pointers.receive(); });
    fiber::select(on_send(pointers, std::move(value)));
    EXPECT_EQ(receiver.join(), 3);
    EXPECT_EQ(value, nullptr);
    value = std::make_unique<int>(4);
    EXPECT_EQ(fiber::select(on_send(pointers, std::move(value)), otherwise()), 1U);
    EXPECT_EQ(value, nullptr);  // lost: moved in, not taken
    std::string text(100, 'x');
    Channel<std::string> strings(1);
    fiber::select(on_send(strings, text));
    EXPECT_EQ(strings.receive(), text);
  });
}

// A value that is neither bytes nor taken comes back to the Select that keeps it.
TEST(Select, UsedAgainKeepsWhatWasNotTaken) {
  on_processors([] {
    Channel<std::unique_ptr<int>> full(1);
    full.send(std::make_unique<int>(1));
    Select select;
    select.add(on_send(full, std::make_unique<int>(2))).add(on_timeout(1ms));
    EXPECT_EQ(select.wait(), 1U);
    EXPECT_EQ(select.wait(), 1U);
    EXPECT_EQ(**full.receive(), 1);
    EXPECT_EQ(select.wait(), 0U);
    EXPECT_EQ(**full.receive(), 2);
    EXPECT_THROW(select.wait(), fiber::Error);  // it had one value
  });
}

TEST(Select, EvaluatesItsCasesInOrderEachTime) {
  in_fibers([] {
    Channel<int> channel(10);
    std::vector<char> order;
    Select select;
    const auto note = [&](char name) {
      return [&order, name] {
        order.push_back(name);
        return 1;
      };
    };
    select.add(on_send(Channel<int>::nil(), note('a'))).add(on_send(channel, note('b')));
    select.add(on_send(Channel<int>::nil(), note('c')));
    EXPECT_EQ(select.wait(), 1U);
    EXPECT_EQ(select.wait(), 1U);
    EXPECT_EQ(order, (std::vector{'a', 'b', 'c', 'a', 'b', 'c'}));
    Select copies;
    copies.add(on_send(channel, 7));
    copies.wait();
    copies.wait();
    EXPECT_EQ(channel.size(), 4U);
  });
}

TEST(Select, TakesAsManyCasesAsThereAre) {
  on_processors([] {
    std::vector<Channel<int>> channels(100);
    int sum = 0;
    Select select;
    for (auto& channel : channels)
      select.add(on_receive(channel, [&](std::optional<int> v) { sum += *v; }));
    auto sender = fiber::spawn([=] {
      for (size_t i = 0; i < channels.size(); ++i) channels[i].send(static_cast<int>(i));
    });
    for (size_t i = 0; i < channels.size(); ++i) select.wait();
    sender.join();
    EXPECT_EQ(sum, 99 * 100 / 2);
  });
}

TEST(Select, WithoutCasesBlocksForEver) {
  in_fibers([] {
    bool passed = false;
    fiber::go([&] {
      fiber::select();
      passed = true;
    });
    let_others_block();
    EXPECT_FALSE(passed);
  });
}

TEST(Select, ThreadsMaySelect) {
  Channel<int> a;
  Channel<int> b;
  std::thread receiver([=] {
    EXPECT_EQ(fiber::select(on_receive(a), on_timeout(2ms)), 1U);
    EXPECT_EQ(fiber::select(on_receive(a), on_receive(b)), 1U);
  });
  b.send(1);
  receiver.join();
}

}  // namespace
