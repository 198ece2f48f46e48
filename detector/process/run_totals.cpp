#include "detector/process/run_totals.h"

#include <atomic>

#include "detector/findings/findings.h"
#include "detector/history/event_chunks.h"
#include "detector/process/children.h"
#include "detector/process/module.h"
#include "detector/race/known_fibers.h"

namespace fibersan {
namespace {

// relaxed everywhere: numbers.
std::atomic<uint64_t> seed{0};
std::atomic<uint32_t> processors{0};
uint64_t fibers_of_parent = 0;
uint64_t accesses_of_parent = 0;

}  // namespace

void note_run(uint32_t run_processors, uint64_t run_seed) {
  seed.store(run_seed, std::memory_order_relaxed);
  processors.store(run_processors, std::memory_order_relaxed);
}

uint64_t last_run_seed() { return seed.load(std::memory_order_relaxed); }
uint32_t last_run_processors() { return processors.load(std::memory_order_relaxed); }

Document::Totals collect_totals() {
  return {.findings = findings_reported(),
          .duplicates = further_occurrences(),
          .suppressed = findings_suppressed(),
          .fibers = fibers_created() - fibers_of_parent,
          .accesses = event_chunks.recorded_accesses() - accesses_of_parent,
          .instrumented_functions = instrumented_functions(),
          .nothing_checked = nothing_is_instrumented(),
          .findings_of_children = findings_of_children(),
          .children_running = children_running()};
}

void note_totals_of_parent() {
  fibers_of_parent = fibers_created();
  accesses_of_parent = event_chunks.recorded_accesses();
}

}  // namespace fibersan
