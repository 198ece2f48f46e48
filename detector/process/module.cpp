#include "detector/process/module.h"

#include <atomic>

#include "detector/process/options.h"

namespace fibersan {
namespace {

std::atomic<uint64_t> modules{0};
std::atomic<uint64_t> functions{0};

}  // namespace

void note_module(uint32_t checked_functions) {
  modules.fetch_add(1, std::memory_order_relaxed);
  functions.fetch_add(checked_functions, std::memory_order_relaxed);
}

uint64_t instrumented_functions() { return functions.load(std::memory_order_relaxed); }

bool nothing_is_instrumented() {
  return modules.load(std::memory_order_relaxed) == 0 && options.allow_uninstrumented == 0;
}

}  // namespace fibersan
