// Context: Go's rules, one test each.
#include <memory>
#include <stdexcept>
#include <string>

#include "armed.h"
#include "on_processors.h"

namespace {

using namespace fiber_test;
using fiber::Cancel;
using fiber::Context;
using fiber::ContextError;
using fiber::ContextKey;
using fiber::with_cancel;
using fiber::with_timeout;
using fiber::with_value;
using Steady = std::chrono::steady_clock;

const ContextKey<int> kNumber{"number"};
const ContextKey<int> kOther{"number"};
const ContextKey<std::string> kText{"text"};

bool is_done(const Context& context) {
  bool done = false;
  fiber::select(fiber::on_receive(context.done(), [&] { done = true; }), fiber::otherwise());
  EXPECT_EQ(done, context.error() != ContextError::kNone);
  return done;
}

template <class E>
bool has_cause(const Context& context) {
  try {
    context.throw_if_done();
  } catch (const E&) {
    return true;
  } catch (...) {
  }
  return false;
}

TEST(Context, TheBackgroundIsNeverDone) {
  in_fibers([] {
    const Context background = Context::background();
    EXPECT_FALSE(background.done());
    EXPECT_EQ(background.error(), ContextError::kNone);
    EXPECT_EQ(background.cause(), nullptr);
    EXPECT_EQ(background.deadline(), std::nullopt);
    EXPECT_EQ(background.value(kNumber), nullptr);
    EXPECT_EQ(background, Context());
    background.throw_if_done();
  });
}

TEST(Context, CancelClosesDoneOnce) {
  on_processors([] {
    auto [context, cancel] = with_cancel({});
    EXPECT_TRUE(context.done());
    EXPECT_EQ(context.done(), context.done());
    EXPECT_FALSE(is_done(context));
    auto waits = fiber::spawn([context = context] { return context.done().receive().has_value(); });
    cancel();
    cancel();
    EXPECT_FALSE(waits.join());
    EXPECT_TRUE(is_done(context));
    EXPECT_EQ(context.error(), ContextError::kCancelled);
    EXPECT_TRUE(has_cause<fiber::Cancelled>(context));
  });
}

TEST(Context, DoneIsAskedForAfterTheCancel) {
  in_fibers([] {
    auto [context, cancel] = with_cancel({});
    cancel();
    EXPECT_FALSE(context.done().receive());
  });
}

TEST(Context, WorksOutsideOfFibers) {
  auto [context, cancel] = with_cancel({});
  const Context child = with_value(context, kNumber, 3);
  cancel();
  EXPECT_EQ(child.error(), ContextError::kCancelled);
  EXPECT_FALSE(child.done().receive());
  EXPECT_THROW(static_cast<void>(with_timeout({}, 1s)), fiber::Error);
  EXPECT_THROW(fiber::after_func(context, [] {}), fiber::Error);
}

TEST(Context, CancelGoesDownAndNotUp) {
  on_processors([] {
    auto [root, cancel_root] = with_cancel({});
    auto [left, cancel_left] = with_cancel(root);
    auto [right, cancel_right] = with_cancel(with_value(root, kNumber, 1));
    auto [below, cancel_below] = with_cancel(left);
    cancel_left();
    EXPECT_TRUE(is_done(left));
    EXPECT_TRUE(is_done(below));
    EXPECT_FALSE(is_done(root));
    EXPECT_FALSE(is_done(right));
    cancel_root();
    EXPECT_TRUE(is_done(root));
    EXPECT_TRUE(is_done(right));
  });
}

TEST(Context, DerivedFromACancelledOneItIsCancelled) {
  in_fibers([] {
    auto [parent, cancel] = with_cancel({});
    cancel(std::make_exception_ptr(std::runtime_error("why")));
    auto [child, cancel_child] = with_cancel(parent);
    EXPECT_TRUE(is_done(child));
    EXPECT_TRUE(has_cause<std::runtime_error>(child));
    auto [timed, cancel_timed] = with_timeout(parent, 1h);
    EXPECT_EQ(timed.error(), ContextError::kCancelled);
    EXPECT_FALSE(timers_armed());
  });
}

TEST(Context, TheFirstCauseStaysAndGoesDown) {
  in_fibers([] {
    auto [parent, cancel_parent] = with_cancel({});
    auto [child, cancel_child] = with_cancel(parent);
    auto [other, cancel_other] = with_cancel(parent);
    cancel_child(std::make_exception_ptr(std::out_of_range("child")));
    cancel_child(std::make_exception_ptr(std::runtime_error("late")));
    cancel_parent(std::make_exception_ptr(std::runtime_error("parent")));
    EXPECT_TRUE(has_cause<std::out_of_range>(child));
    EXPECT_TRUE(has_cause<std::runtime_error>(parent));
    EXPECT_TRUE(has_cause<std::runtime_error>(other));
    EXPECT_EQ(child.error(), ContextError::kCancelled);
  });
}

TEST(Context, ATimeoutEndsIt) {
  on_processors([] {
    const auto begin = Steady::now();
    auto [context, cancel] = with_timeout({}, 5ms);
    auto [child, cancel_child] = with_cancel(context);
    EXPECT_GE(*context.deadline(), begin + 5ms);
    EXPECT_EQ(child.deadline(), context.deadline());
    child.done().receive();
    EXPECT_GE(Steady::now(), begin + 5ms);
    EXPECT_EQ(context.error(), ContextError::kDeadlineExceeded);
    EXPECT_EQ(child.error(), ContextError::kDeadlineExceeded);
    EXPECT_TRUE(has_cause<fiber::DeadlineExceeded>(child));
  });
}

TEST(Context, ATimeoutMayHaveACauseOfItsOwn) {
  on_processors([] {
    auto [context, cancel] =
        with_timeout({}, 1ms, std::make_exception_ptr(std::runtime_error("slow")));
    context.done().receive();
    EXPECT_EQ(context.error(), ContextError::kDeadlineExceeded);
    EXPECT_TRUE(has_cause<std::runtime_error>(context));
    // Cancelled before, the cause is not the deadline's.
    auto [early, cancel_early] =
        with_timeout({}, 1h, std::make_exception_ptr(std::runtime_error("slow")));
    cancel_early();
    EXPECT_TRUE(has_cause<fiber::Cancelled>(early));
  });
}

TEST(Context, TheEarlierDeadlineCounts) {
  in_fibers([] {
    auto [parent, cancel_parent] = with_timeout({}, 1h);
    auto [later, cancel_later] = with_timeout(parent, 2h);
    EXPECT_EQ(later.deadline(), parent.deadline());
    auto [earlier, cancel_earlier] = with_timeout(parent, 1ms);
    EXPECT_LT(earlier.deadline(), parent.deadline());
    earlier.done().receive();
    EXPECT_EQ(earlier.error(), ContextError::kDeadlineExceeded);
    EXPECT_FALSE(is_done(parent));
  });
}

TEST(Context, ADeadlineThatIsOverCancelsAtOnce) {
  in_fibers([] {
    auto [context, cancel] = with_timeout({}, -1s);
    EXPECT_EQ(context.error(), ContextError::kDeadlineExceeded);
    auto [by_clock, cancel_by_clock] =
        fiber::with_deadline({}, std::chrono::system_clock::now() - 1s);
    EXPECT_TRUE(is_done(by_clock));
    auto [never, cancel_never] = with_timeout({}, std::chrono::hours::max());
    EXPECT_FALSE(is_done(never));
    EXPECT_EQ(never.deadline(), std::nullopt);
  });
}

TEST(Context, CancelAndDroppingItStopTheTimer) {
  on_processors([] {
    {
      auto [context, cancel] = with_timeout({}, 1h);
      EXPECT_TRUE(timers_armed());
      cancel();
      EXPECT_FALSE(timers_armed());
    }
    static_cast<void>(with_timeout({}, 1h));
    EXPECT_FALSE(timers_armed());
  });
}

TEST(Context, ValuesAreFoundByTheirKeyAndTheInnermostCounts) {
  in_fibers([] {
    const Context one = with_value(with_value({}, kNumber, 1), kText, "text");
    auto [cancelable, cancel] = with_cancel(one);
    const Context two = with_value(cancelable, kNumber, 2);
    EXPECT_EQ(*one.value(kNumber), 1);
    EXPECT_EQ(*two.value(kNumber), 2);
    EXPECT_EQ(*two.value(kText), "text");
    EXPECT_EQ(two.value(kOther), nullptr);
    EXPECT_EQ(two.done(), cancelable.done());
    cancel();
    EXPECT_EQ(two.error(), ContextError::kCancelled);
    EXPECT_EQ(*two.value(kNumber), 2);
  });
}

TEST(Context, AValueLivesAsLongAsWhatIsDerived) {
  in_fibers([] {
    const ContextKey<std::shared_ptr<int>> key("shared");
    const auto alive = std::make_shared<int>(1);
    Context child;
    {
      const Context parent = with_value({}, key, alive);
      auto [derived, cancel] = with_cancel(parent);
      child = derived;
    }
    EXPECT_EQ(alive.use_count(), 2);
    EXPECT_EQ(**child.value(key), 1);
    child = Context();
    EXPECT_EQ(alive.use_count(), 1);
  });
}

TEST(Context, WithoutCancelKeepsTheValuesAlone) {
  in_fibers([] {
    auto [parent, cancel] = with_timeout(with_value({}, kNumber, 7), 1h);
    const Context detached = fiber::without_cancel(parent);
    cancel();
    EXPECT_FALSE(detached.done());
    EXPECT_EQ(detached.error(), ContextError::kNone);
    EXPECT_EQ(detached.deadline(), std::nullopt);
    EXPECT_EQ(*detached.value(kNumber), 7);
    auto [below, cancel_below] = with_cancel(detached);
    EXPECT_FALSE(is_done(below));
  });
}

TEST(Context, AfterFuncIsCalledOnceInAFiberThatMayBlock) {
  on_processors([] {
    auto [context, cancel] = with_cancel({});
    const fiber::Channel<uint64_t> called;
    auto stop = fiber::after_func(context, [called, context = context] {
      EXPECT_EQ(context.error(), ContextError::kCancelled);
      called.send(fiber::this_fiber::id());
    });
    EXPECT_FALSE(called.try_receive());
    cancel();
    EXPECT_NE(*called.receive(), fiber::this_fiber::id());
    EXPECT_FALSE(stop());
    cancel();
    EXPECT_FALSE(called.receive_for(2ms));
  });
}

TEST(Context, AfterFuncOfACancelledOneIsCalledAtOnce) {
  in_fibers([] {
    auto [context, cancel] = with_cancel({});
    cancel();
    const fiber::Channel<int> called;
    auto stop = fiber::after_func(context, [called] { called.send(1); });
    EXPECT_FALSE(stop());
    EXPECT_EQ(called.receive(), 1);
  });
}

TEST(Context, AfterFuncIsCalledByADeadlineThoughNobodyHoldsTheContext) {
  on_processors([] {
    const fiber::Channel<int> called;
    fiber::after_func(with_timeout({}, 2ms).context, [called] { called.send(1); });
    EXPECT_EQ(called.receive(), 1);
  });
}

TEST(Context, AStoppedAfterFuncIsNotCalled) {
  on_processors([] {
    auto [context, cancel] = with_cancel({});
    bool called = false;
    const auto alive = std::make_shared<int>(1);
    auto stop = fiber::after_func(context, [&, alive] { called = true; });
    EXPECT_TRUE(stop());
    EXPECT_FALSE(stop());
    stop = {};
    EXPECT_EQ(alive.use_count(), 1);
    cancel();
    fiber::sleep_for(2ms);
    EXPECT_FALSE(called);
    auto never = fiber::after_func({}, [] {});
    EXPECT_TRUE(never());
    EXPECT_FALSE(never());
  });
}

// A chain as long as this would overflow a fiber's stack if anything recursed.
TEST(Context, AChainOfManyIsCancelledAndFreedWithoutRecursion) {
  in_fibers([] {
    auto [root, cancel] = with_cancel({});
    Context last = root;
    for (int i = 0; i < 20'000; ++i) last = with_cancel(last).context;
    cancel();
    EXPECT_TRUE(is_done(last));
  });
}

// The condition variable, mutex and channel waits take deadlines; a Context's is one.
TEST(Context, ItsDeadlineIsOneForEveryWait) {
  in_fibers([] {
    auto [context, cancel] = with_timeout({}, 2ms);
    fiber::Mutex mutex;
    mutex.lock();
    auto blocked = fiber::spawn([&] { return mutex.try_lock_until(*context.deadline()); });
    EXPECT_FALSE(blocked.join());
    mutex.unlock();
  });
}

}  // namespace
