// Exactly the happens-before edges of Context: from a cancel() to what observes it.
#include <atomic>

#include "edge_model.h"
#include "on_processors.h"

namespace {

using edge_model::before_here;
using edge_model::Event;
using edge_model::here;
using namespace fiber_test;
using fiber::Context;
using fiber::ContextError;
using fiber::with_cancel;

enum class Observe { kDone, kError, kCause, kDoneOfChild, kErrorOfChild, kNewChild };

TEST(ContextEdges, CancelBeforeWhatObservesIt) {
  on_processors([] {
    for (const Observe how : {Observe::kDone, Observe::kError, Observe::kCause,
                              Observe::kDoneOfChild, Observe::kErrorOfChild, Observe::kNewChild}) {
      auto [context, cancel] = with_cancel({});
      auto [child, cancel_child] = with_cancel(context);
      Event cancelled;
      std::atomic<bool> done{false};
      auto observer = fiber::spawn([&, how] {
        if (how == Observe::kDone) context.done().receive();
        if (how == Observe::kDoneOfChild) child.done().receive();
        while (!done) fiber::yield();
        if (how == Observe::kError) EXPECT_EQ(context.error(), ContextError::kCancelled);
        if (how == Observe::kErrorOfChild) EXPECT_EQ(child.error(), ContextError::kCancelled);
        if (how == Observe::kNewChild)
          EXPECT_EQ(with_cancel(context).context.error(), ContextError::kCancelled);
        if (how == Observe::kCause) EXPECT_NE(context.cause(), nullptr);
        EXPECT_TRUE(before_here(cancelled));
      });
      let_others_block();
      cancelled = here();
      cancel();
      done = true;
      observer.join();
    }
  });
}

TEST(ContextEdges, NothingIsOrderedBeforeTheCancel) {
  on_processors([] {
    auto [context, cancel] = with_cancel({});
    Event event;
    std::atomic<int> step{0};
    auto observer = fiber::spawn([&, context = context] {
      while (step == 0) fiber::yield();
      EXPECT_EQ(context.error(), ContextError::kNone);
      EXPECT_EQ(context.cause(), nullptr);
      EXPECT_TRUE(context.done());
      EXPECT_FALSE(before_here(event));
      step = 2;
    });
    event = here();
    step = 1;
    while (step != 2) fiber::yield();
    observer.join();
  });
}

TEST(ContextEdges, ACallAfterItsRegistrationAndTheCancel) {
  on_processors([] {
    auto [context, cancel] = with_cancel({});
    const Event registered = here();
    Event cancelled;
    std::atomic<bool> done{false};
    fiber::after_func(context, [&] {
      EXPECT_TRUE(before_here(registered));
      EXPECT_TRUE(before_here(cancelled));
      done = true;
    });
    auto canceller = fiber::spawn([&, cancel = cancel] {
      cancelled = here();
      cancel();
    });
    while (!done) fiber::yield();
    EXPECT_FALSE(before_here(cancelled));
    canceller.join();
  });
}

TEST(ContextEdges, ACallByADeadlineAfterItsRegistrationAlone) {
  on_processors([] {
    auto [context, cancel] = fiber::with_timeout({}, 1ms);
    const Event registered = here();
    Event later;
    std::atomic<int> step{0};
    fiber::after_func(context, [&] {
      EXPECT_TRUE(before_here(registered));
      while (step == 0) fiber::yield();
      EXPECT_FALSE(before_here(later));
      step = 2;
    });
    later = here();
    step = 1;
    while (step != 2) fiber::yield();
  });
}

// Whoever has looked at a value is done before its destructor runs, in whichever fiber.
TEST(ContextEdges, AValueIsDestroyedAfterItsReaders) {
  struct Checked {
    Event* read;
    bool real = true;
    explicit Checked(Event* event) : read(event) {}
    Checked(Checked&& other) noexcept : read(other.read), real(std::exchange(other.real, false)) {}
    ~Checked() {
      if (real) EXPECT_TRUE(before_here(*read));
    }
  };
  const fiber::ContextKey<Checked> key("checked");
  on_processors([&] {
    Event read;
    std::atomic<bool> dropped{false};
    Context context = with_value({}, key, Checked(&read));
    fiber::go([&, child = with_cancel(context).context]() mutable {
      EXPECT_NE(child.value(key), nullptr);
      read = here();
      child = Context();
      dropped = true;
    });
    while (!dropped) fiber::yield();
    context = Context();
  });
}

}  // namespace
