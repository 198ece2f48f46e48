// detector/clock/spin_lock.h: holders exclude each other, and the next one sees what the last did.
#include "tests/model/memory/detector/detector.h"
// Behind it: atomics are the model's.
#include "detector/clock/spin_lock.h"

int main() {
  std::optional<fibersan::SpinLock> lock;
  std::optional<model::Plain> counter;
  const auto add = [&] {
    const fibersan::SpinGuard guard(*lock);
    counter->write(counter->read() + 1);
  };
  const auto set_up = [&] {
    lock.emplace();
    counter.emplace();
  };
  const auto twice = [&] {
    add();
    add();
  };
  return model::explore(
             "two holders, twice", {.preemptions = 3, .stale = 2},
             {set_up, {twice, twice}, [&] { model::expect(counter->read() == 4, "lost"); }}) |
         model::explore(
             "three holders", {.preemptions = 2, .stale = 2},
             {set_up, {add, add, add}, [&] { model::expect(counter->read() == 3, "lost"); }});
}
