// describe.h: fibers, objects and places in memory, as parts of a Report.
//
// Input:    ids and addresses. Output: report data, symbolized.
// Threads:  the holder of the FindingScope.
#ifndef FIBERSAN_DETECTOR_FINDINGS_DESCRIBE_H
#define FIBERSAN_DETECTOR_FINDINGS_DESCRIBE_H

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "detector/fiber.h"
#include "detector/findings/findings.h"
#include "detector/report/report.h"

namespace fibersan {

// Why there is no stack of what was an event.
std::string no_longer_in_history();

FiberName fiber_name(uint64_t id);
// The id that it was made of.
uint64_t id_of(const FiberName& fiber);

// Absent for the main thread and where there is no fiber: there is nothing to say.
std::optional<ReportFiber> describe_fiber(FindingScope& scope, uint64_t id);

// `assumed` is the kind to name when the object was never announced; COUNT: "object".
ReportObject describe_object(FindingScope& scope, const void* object, fsan_object_kind assumed);

// Locks held at one access, numbered as in `mutexes`, which gets an entry for each new one.
std::vector<HeldMutex> describe_held(FindingScope& scope, std::span<const HeldLock> locks,
                                     std::vector<ReportMutex>& mutexes);

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_FINDINGS_DESCRIBE_H
