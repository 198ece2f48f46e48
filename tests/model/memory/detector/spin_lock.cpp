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
  uint64_t added = 0;
  const auto try_to_add = [&] {
    if (!lock->try_lock()) return;
    counter->write(counter->read() + 1);
    ++added;
    lock->unlock();
  };
  const auto set_up = [&] {
    added = 0;
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
             {set_up, {add, add, add}, [&] { model::expect(counter->read() == 3, "lost"); }}) |
         model::explore("one that only tries", {.preemptions = 3, .stale = 2},
                        {set_up, {add, try_to_add}, [&] {
                           model::expect(counter->read() == 1 + added, "lost");
                         }});
}
