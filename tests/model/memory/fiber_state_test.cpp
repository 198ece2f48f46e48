// runtime/fiber_state.h over the weak memory: a fiber that parks while it is woken is enqueued
// once, and goes on behind everything its waker and its last worker did.
#include <gtest/gtest.h>

#include <cstdio>
#include <optional>

#include "tests/model/memory/atomic.h"
// clang-format off
#include "tests/model/memory/borrowed.h"
#include "runtime/fiber_state.h"
#include "tests/model/memory/returned.h"
// clang-format on

namespace model {
namespace {

using fiber::modelled::FiberStateWord;
using fiber::modelled::NextStep;

// One fiber, its worker, somebody who wakes it, and the worker that runs it next.
struct World {
  FiberStateWord state;
  Plain context;                 // written by the worker that saves it
  Plain message;                 // from the waker to the fiber
  Atomic<uint32_t> found{0};     // the waker may wake
  Atomic<uint32_t> enqueued{0};  // a run queue: it publishes what is pushed

  void enqueue() { enqueued.fetch_add(1, std::memory_order_release); }

  void park() {
    state.begin_park();
    // after_save: the lock that lets the waker find us is released.
    found.store(1, std::memory_order_release);
    context.write(1);
    if (state.context_saved() == NextStep::kEnqueue) enqueue();
  }
  void wake() {
    Machine::current->wait_until([this] { return found.last() == 1; });
    static_cast<void>(found.fetch_add(0, std::memory_order_acquire));  // takes the lock
    message.write(1);
    if (state.wake() == NextStep::kEnqueue) enqueue();
  }
  void run() {
    Machine::current->wait_until([this] { return enqueued.last() > 0; });
    // A thief pairs with the push.
    static_cast<void>(enqueued.fetch_add(0, std::memory_order_acquire));
    if (!state.dispatch()) return;
    if (context.read() != 1) Machine::current->fail("a context that was not saved");
    if (message.read() != 1) Machine::current->fail("a message that is not there");
    context.write(2);
    state.ended();
  }
};

Outcome explore(Bounds bounds, const std::function<void(World&)>& third) {
  std::optional<World> world;
  Machine machine(bounds);
  const Scenario scenario = {
      [&] {
        world.emplace();
        world->state.start();
        static_cast<void>(world->state.dispatch());
      },
      {[&] { world->park(); }, [&] { world->wake(); }, [&] { third(*world); }},
      [&] {
        if (world->enqueued.last() != 1) Machine::current->fail("not enqueued exactly once");
      }};
  const Outcome outcome = machine.explore(scenario);
  std::printf("%llu executions\n", static_cast<unsigned long long>(outcome.executions));
  return outcome;
}

TEST(FiberStateModel, AParkAgainstItsWakeUp) {
  const Outcome outcome =
      explore(Bounds{.preemptions = 5, .stale = 3}, [](World& world) { world.run(); });
  EXPECT_EQ(outcome.failure, "");
  EXPECT_GT(outcome.executions, 100u);
}

}  // namespace
}  // namespace model
