// detector/heap/block_table.cpp over a weak memory: a block that is found has its size, also one
// that is being freed.
#include "tests/model/memory/detector/detector.h"
// Behind it: atomics are the model's.
#include "detector/heap/block_table.cpp"

namespace {

constexpr uintptr_t kAddress = 1 << 20;  // find() looks no further back
constexpr uint64_t kFiber = 3;
constexpr uint64_t kLarge = 200;  // its size is elsewhere once it is freed
fibersan::BlockTable* table = nullptr;

void make_table() {
  table = new (model::zeroed_memory(sizeof(fibersan::BlockTable))) fibersan::BlockTable;
}

int explore_adding() {
  const auto look = [] {
    const auto block = table->begins_at(kAddress);
    if (!block) return;
    model::expect(block->size == 24 && block->fiber_id == kFiber && block->allocated == 7,
                  "a block without its size");
  };
  return model::explore("a block is added", {.preemptions = 3, .stale = 3},
                        {make_table, {[] { table->add(kAddress, 24, 7, kFiber); }, look}, look});
}

int explore_freeing() {
  const auto look = [] {
    const auto block = table->find(kAddress);
    model::expect(block && block->size == kLarge && block->allocated == 7,
                  "a freed block without its size");
    model::expect(!block->free || (block->freed && block->free->lane == 5), "freed by nobody");
  };
  const auto free = [] { table->remove(*table->begins_at(kAddress), {true, 5, 6, 0}); };
  return model::explore("a block is freed", {.preemptions = 3, .stale = 3},
                        {[] {
                           make_table();
                           table->add(kAddress, kLarge, 7, kFiber);
                         },
                         {free, look},
                         look});
}

}  // namespace

int main() { return explore_adding() + explore_freeing(); }
