#include "runtime/policy.h"

#include "runtime/processor_use.h"

namespace fiber::internal {
namespace {
// For threads that are no workers: a counter, mixed.
constinit std::atomic<uint64_t> outside{0};
}  // namespace

uint64_t random() {
  ProcessorUse use;
  if (Processor* processor = use.get()) return processor->random.next();
  // Relaxed: only distinct values are needed.
  return Random::mix(outside.fetch_add(Random::kStep, std::memory_order_relaxed));
}

uint32_t choose(Choice, uint32_t count) {
  // The high half times count (Lemire 2016): no division, bias below 2^-32 * count.
  return static_cast<uint32_t>(((random() >> 32) * count) >> 32);
}

}  // namespace fiber::internal
