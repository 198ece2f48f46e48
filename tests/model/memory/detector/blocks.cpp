// detector/heap/block_table.cpp over a weak memory: a block that is found has its size and fiber.
#include "tests/model/memory/detector/detector.h"
// Behind it: atomics are the model's.
#include "detector/heap/block_table.cpp"

int main() {
  static fibersan::BlockTable* table = nullptr;
  constexpr uintptr_t kAddress = 0x10000;
  constexpr uint64_t kFiber = uint64_t{3} << 32 | 2;
  const auto look = [] {
    const auto block = table->begins_at(kAddress);
    if (!block) return;
    model::expect(block->size == 24 && block->fiber_id == kFiber && block->allocated == 7,
                  "a block without its size");
  };
  return model::explore("a block is added", {.preemptions = 3, .stale = 3},
                        {[] {
                           table = new (model::zeroed_memory(sizeof(fibersan::BlockTable)))
                               fibersan::BlockTable;
                         },
                         {[] { table->add(kAddress, 24, 7, kFiber); }, look},
                         look});
}
