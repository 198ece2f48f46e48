// Exactly the happens-before edges that design and Go promise for channels and select: each is
// there, and none that is not promised. Fibers are steered by atomics that the model does not see.
#include <fiber/fiber.h>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "edge_model.h"
#include "on_processors.h"
#include "steps.h"

namespace {

using edge_model::before_here;
using edge_model::Event;
using edge_model::here;
using fiber::Channel;
using fiber::on_receive;
using fiber::on_send;
using namespace fiber_test;

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

}  // namespace
