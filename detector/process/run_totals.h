// run_totals.h: what this process did, in numbers.
//
// Threads:  any. Nothing here allocates or takes a lock: it is asked in signal handlers.
#ifndef FIBERSAN_DETECTOR_PROCESS_RUN_TOTALS_H
#define FIBERSAN_DETECTOR_PROCESS_RUN_TOTALS_H

#include <cstdint>

#include "detector/report/document.h"

namespace fibersan {

// A run() began.
void note_run(uint32_t processors, uint64_t seed);
// Of the last one; 0: there was none.
uint64_t last_run_seed();
uint32_t last_run_processors();

Document::Totals collect_totals();

// Of a forked child: what it has from its parent does not count.
void note_totals_of_parent();

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_PROCESS_RUN_TOTALS_H
