// detector/history/context.cpp over a weak memory: a context that is found has its stack, beside
// who adds others and who makes the table larger.
#include "tests/model/memory/detector/detector.h"
// Behind it: atomics are the model's.
#include "detector/history/context.cpp"

namespace fibersan {
namespace {

// The contents of a stack table, which is not under test.
model::Tracked<uint64_t> contents[8];

}  // namespace

StackId add_stack(const Stack& stack) {
  const auto id = static_cast<StackId>(stack.pcs[0]);
  if (contents[id] == 0) contents[id] = id;
  return id;
}
Stack stack_of_id(StackId id) {
  model::expect(id == 0 || contents[id] == id, "a stack without contents");
  Stack stack;
  if (id != 0) stack.push(id);
  return stack;
}
Stack walk_frames(const void*, uintptr_t pc, StackBounds) {
  Stack stack;
  stack.push(pc);
  return stack;
}

}  // namespace fibersan

namespace {

void add(uintptr_t pc) { fibersan::note_access_context(0, pc, nullptr, {}); }
void look(uintptr_t pc) {
  const fibersan::Stack stack = fibersan::stack_of(fibersan::hash_of(0, pc));
  model::expect(stack.count == 0 || stack.pcs[0] == pc, "another's stack");
}

}  // namespace

int main() {
  const auto nothing = [] {};
  const auto set_up = [] { fibersan::used = 0; };
  return model::explore("the first context", {.preemptions = 3, .stale = 3},
                        {set_up, {[] { add(1); }, [] { look(1); }}, nothing}) |
         model::explore("a second one", {.preemptions = 3, .stale = 3},
                        {[&] {
                           set_up();
                           add(1);
                         },
                         {[] { add(2); }, [] { look(2); }},
                         [] { look(1); }}) |
         model::explore("a larger table", {.preemptions = 2, .stale = 2},
                        {[&] {
                           set_up();
                           add(1);
                           add(2);
                         },
                         {[] { add(3); },
                          [] {
                            look(2);
                            look(3);
                          }},
                         [] {
                           look(1);
                           look(2);
                           look(3);
                         }});
}
