// Trees that grow, are cancelled and dropped by many fibers at once.
#include <atomic>
#include <memory>
#include <random>
#include <vector>

#include "armed.h"
#include "on_processors.h"

namespace {

using namespace fiber_test;
using fiber::Cancel;
using fiber::Context;
using fiber::ContextError;
using fiber::with_cancel;
using fiber::with_timeout;

TEST(ContextStress, EverybodyBelowIsWoken) {
  on_processors([] {
    for (int round = 0; round < 20; ++round) {
      auto [root, cancel] = with_cancel({});
      std::atomic<int> woken{0};
      fiber::WaitGroup group;
      for (int i = 0; i < 20; ++i) {
        group.go([&, i, parent = root] {
          auto [context, cancel_own] = i % 3 == 0 ? with_timeout(parent, 1h) : with_cancel(parent);
          const Context below = i % 2 == 0 ? with_cancel(context).context : context;
          below.done().receive();
          ASSERT_EQ(below.error(), ContextError::kCancelled);
          ++woken;
        });
      }
      for (int i = 0; i < round; ++i) fiber::yield();
      cancel();
      group.wait();
      ASSERT_EQ(woken, 20);
      ASSERT_FALSE(timers_armed());
    }
  });
}

// Deadlines that pass while their contexts, parents and calls come and go. What is alive is
// counted by what the values hold.
TEST(ContextStress, DeadlinesAgainstCancelsAndDrops) {
  const fiber::ContextKey<std::shared_ptr<int>> key("alive");
  on_processors([&] {
    const auto alive = std::make_shared<int>(0);
    std::atomic<int> calls{0};
    std::atomic<int> stopped{0};
    {
      auto [root, cancel_root] = with_cancel(with_value({}, key, alive));
      fiber::WaitGroup group;
      for (int i = 0; i < 8; ++i) {
        group.go([&, i, root = root] {
          std::minstd_rand random(static_cast<unsigned>(i + 1));
          for (int round = 0; round < 200; ++round) {
            auto [context, cancel] = with_timeout(with_value(root, key, alive),
                                                  std::chrono::microseconds(random() % 30));
            const Context below = with_cancel(context).context;
            auto stop = fiber::after_func(below, [&calls, alive] { ++calls; });
            switch (random() % 4) {
              case 0:
                cancel();
                break;
              case 1:
                below.done().receive();
                break;
              case 2:
                fiber::yield();
                break;
              default:
                break;
            }
            if (random() % 2 == 0 && stop()) ++stopped;
          }
        });
      }
      group.wait();
    }
    while (calls + stopped != 8 * 200) fiber::yield();
    while (alive.use_count() != 1) fiber::yield();
    EXPECT_FALSE(timers_armed());
  });
}

TEST(ContextStress, OneOfManyCancelsWins) {
  on_processors([] {
    for (int round = 0; round < 50; ++round) {
      auto [context, cancel] = with_cancel({});
      std::atomic<int> calls{0};
      fiber::WaitGroup group;
      fiber::after_func(context, [&] { ++calls; });
      for (int i = 0; i < 4; ++i) {
        group.go([cancel = cancel, i] { cancel(std::make_exception_ptr(i)); });
      }
      group.wait();
      int cause = -1;
      try {
        context.throw_if_done();
      } catch (int thrown) {
        cause = thrown;
      }
      ASSERT_GE(cause, 0);
      while (calls == 0) fiber::yield();
      ASSERT_EQ(calls, 1);
    }
  });
}

}  // namespace
