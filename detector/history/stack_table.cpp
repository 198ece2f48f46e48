#include "detector/history/stack_table.h"

#include "detector/clock/spin_lock.h"
#include "detector/history/stack_trie.h"

namespace fibersan {
namespace {

constinit SpinLock table_lock;  // rank 31: nothing is called under it
constinit StackTrie table{StackTrie::kMaxNodes};
constinit std::atomic<uint64_t> forgotten{0};

}  // namespace

StackId add_stack(const Stack& stack) {
  SpinGuard guard(table_lock);
  const StackId id = table.add(stack);
  if (id == 0 && !stack.empty()) forgotten.fetch_add(1, std::memory_order_relaxed);
  return id;
}

Stack stack_of_id(StackId id) { return table.get(id); }

uint64_t forgotten_stacks() { return forgotten.load(std::memory_order_relaxed); }

}  // namespace fibersan
