// What a Channel does to the values it carries: each is moved, never copied or lost, and
// destroyed once, whatever its type can and cannot do.
#include <fiber/channel.h>

#include <list>
#include <memory>
#include <string>
#include <vector>

#include "on_processors.h"

namespace {

using fiber::Channel;
using fiber::ChannelStatus;
using namespace fiber_test;

// Counts how many objects of a kind are alive.
template <bool kNothrowMove>
struct Counted {
  static inline std::atomic<int> alive{0};
  int value = 0;
  bool moved_from = false;
  explicit Counted(int v) : value(v) { ++alive; }
  Counted(Counted&& other) noexcept(kNothrowMove) : value(other.value) {
    EXPECT_FALSE(other.moved_from);
    other.moved_from = true;
    ++alive;
  }
  Counted& operator=(Counted&& other) noexcept(kNothrowMove) {
    value = other.value;
    moved_from = std::exchange(other.moved_from, true);
    return *this;
  }
  ~Counted() { --alive; }
};

template <class T>
class ChannelValues : public testing::Test {};
using CountedTypes = testing::Types<Counted<true>, Counted<false>>;
TYPED_TEST_SUITE(ChannelValues, CountedTypes);

TYPED_TEST(ChannelValues, AreDestroyedOnce) {
  for (size_t capacity : {0U, 1U, 5U}) {
    on_processors([&] {
      Channel<TypeParam> channel(capacity);
      fiber::WaitGroup senders;
      for (int i = 0; i < 4; ++i) {
        senders.go([&] {
          for (int j = 0; j < 50; ++j) channel.send(TypeParam(j));
        });
      }
      int sum = 0;
      for (int i = 0; i < 200; ++i) sum += channel.receive()->value;
      EXPECT_EQ(sum, 4 * 49 * 50 / 2);
      senders.wait();
    });
    EXPECT_EQ(TypeParam::alive, 0);
  }
}

TYPED_TEST(ChannelValues, LeftInTheBufferAreDestroyedWithTheChannel) {
  in_fibers([] {
    Channel<TypeParam> channel(2);
    channel.send(TypeParam(1));
    channel.send(TypeParam(2));
    // One that was blocked, and put into the buffer by the receive.
    auto blocked = fiber::spawn([&] { channel.send(TypeParam(3)); });
    let_others_block();
    EXPECT_EQ(channel.receive()->value, 1);
    blocked.join();
    EXPECT_EQ(TypeParam::alive, 2);
  });
  EXPECT_EQ(TypeParam::alive, 0);
}

TYPED_TEST(ChannelValues, AreTakenOnlyBySuccess) {
  on_processors([] {
    for (size_t capacity : {0U, 1U}) {
      Channel<TypeParam> channel(capacity);
      if (capacity == 1) channel.send(TypeParam(0));
      TypeParam value(7);
      EXPECT_FALSE(channel.try_send(std::move(value)));
      EXPECT_FALSE(value.moved_from);
      EXPECT_FALSE(channel.send_for(std::move(value), 2ms));
      EXPECT_FALSE(value.moved_from);
      EXPECT_EQ(value.value, 7);
      auto receiver = fiber::spawn([&] {
        if (capacity == 1) channel.receive();
        return channel.receive()->value;
      });
      EXPECT_TRUE(channel.send_for(std::move(value), 1h));
      EXPECT_TRUE(value.moved_from);
      EXPECT_EQ(receiver.join(), 7);
      TypeParam refused(8);
      auto sender = fiber::spawn([&] {
        if (capacity == 1) channel.send(TypeParam(0));
        EXPECT_THROW(channel.send_for(std::move(refused), 1h), fiber::ClosedChannel);
      });
      let_others_block();
      channel.close();
      sender.join();
      EXPECT_FALSE(refused.moved_from);
    }
  });
  EXPECT_EQ(TypeParam::alive, 0);
}

TYPED_TEST(ChannelValues, AreAssignedToByStatusOverloads) {
  in_fibers([] {
    Channel<TypeParam> channel(1);
    channel.send(TypeParam(3));
    TypeParam value(0);
    EXPECT_EQ(channel.try_receive(value), ChannelStatus::kOk);
    EXPECT_EQ(value.value, 3);
  });
  EXPECT_EQ(TypeParam::alive, 0);
}

struct Empty {};
struct alignas(64) Aligned {
  char bytes[64];
};
struct Unassignable {
  const std::string text;
};
using Large = std::array<int, 5000>;

// Through a buffer that is full now and then, so that every path moves the value.
template <class T, class Same>
void pass(T (*make)(int), Same same) {
  for (size_t capacity : {0U, 1U, 3U}) {
    on_processors([&] {
      Channel<T> channel(capacity);
      auto sender = fiber::spawn([&] {
        for (int i = 0; i < 100; ++i) channel.send(make(i));
        channel.close();
      });
      int i = 0;
      while (auto value = channel.receive()) ASSERT_TRUE(same(*value, i++));
      EXPECT_EQ(i, 100);
      sender.join();
    });
  }
}

TEST(ChannelTypes, MoveOnly) {
  pass<std::unique_ptr<int>>([](int i) { return std::make_unique<int>(i); },
                             [](const auto& value, int i) { return *value == i; });
}
TEST(ChannelTypes, SelfReferential) {  // a list's nodes point back into the list object
  pass<std::list<int>>(
      [](int i) { return std::list<int>{i, i, i}; },
      [](const auto& value, int i) { return value.size() == 3 && value.back() == i; });
}
TEST(ChannelTypes, ShortAndLongStrings) {
  pass<std::string>([](int i) { return std::string(static_cast<size_t>(i), 'x'); },
                    [](const auto& value, int i) { return value.size() == size_t(i); });
}
TEST(ChannelTypes, WithoutState) {
  pass<Empty>([](int) { return Empty(); }, [](const auto&, int) { return true; });
}
TEST(ChannelTypes, OverAligned) {
  pass<Aligned>([](int i) { return Aligned{{static_cast<char>(i)}}; },
                [](const auto& value, int i) {
                  return value.bytes[0] == i && reinterpret_cast<uintptr_t>(&value) % 64 == 0;
                });
}
TEST(ChannelTypes, CopyableOnlyByConstruction) {
  pass<Unassignable>([](int i) { return Unassignable{std::to_string(i)}; },
                     [](const auto& value, int i) { return value.text == std::to_string(i); });
}
TEST(ChannelTypes, LargerThanAPage) {
  pass<Large>(
      [](int i) {
        Large large{};
        large.back() = i;
        return large;
      },
      [](const auto& value, int i) { return value.back() == i; });
}
TEST(ChannelTypes, LocalToAFunction) {
  struct Local {
    int number;
  };
  pass<Local>([](int i) { return Local{i}; },
              [](const auto& value, int i) { return value.number == i; });
}
TEST(ChannelTypes, ChannelsThemselves) {
  pass<Channel<int>>(
      [](int i) {
        Channel<int> reply(1);
        reply.send(i);
        return reply;
      },
      [](const auto& value, int i) { return value.receive() == i; });
}

// The constructor of a value that throws leaves the channel as it was.
TEST(ChannelTypes, ThrowingMoveSendsNothing) {
  struct Throws {
    bool now;
    explicit Throws(bool when) : now(when) {}
    Throws(Throws&& other) : now(other.now) {
      if (now) throw std::runtime_error("move");
    }
  };
  in_fibers([] {
    Channel<Throws> channel(1);
    EXPECT_THROW(channel.send(Throws(true)), std::runtime_error);
    EXPECT_EQ(channel.size(), 0U);
    channel.send(Throws(false));
    EXPECT_TRUE(channel.receive().has_value());
  });
}

}  // namespace
