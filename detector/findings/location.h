// location.h: what memory an address is part of, in a report's words.
//
// Input:    the address of the access that is happening. Output: ReportLocation, symbolized.
// Threads:  the holder of the FindingScope.
// Not here: heap blocks themselves, see heap/block_table.h.
#ifndef FIBERSAN_DETECTOR_FINDINGS_LOCATION_H
#define FIBERSAN_DETECTOR_FINDINGS_LOCATION_H

#include <cstdint>
#include <optional>

#include "detector/findings/findings.h"
#include "detector/heap/block_table.h"
#include "detector/race/race_found.h"
#include "detector/report/report.h"

namespace fibersan {

// `block` is the heap block around the address, looked up before the report allocated
// anything: the detector's own blocks may take the place of a freed one.
std::optional<ReportLocation> describe_location(FindingScope& scope, const CurrentAccess& access,
                                                const std::optional<HeapBlock>& block);

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_FINDINGS_LOCATION_H
