// sections.h: a Report as a list of headings, each with its stack: what all formats show.
//
// Input:    a Report, which outlives the sections: they point into it.
// Output:   sections in the order of the text; the words are decided here and nowhere else.
// Threads:  any; a pure function.
// Not here: indents, colours, the lines around a report, see render_text.h.
#ifndef FIBERSAN_DETECTOR_REPORT_SECTIONS_H
#define FIBERSAN_DETECTOR_REPORT_SECTIONS_H

#include <cstdint>
#include <string>
#include <vector>

#include "detector/report/report.h"

namespace fibersan {

struct ReportSection {
  enum class Role : uint8_t {
    kHeading,   // of what follows
    kAccess,    // one side of a race, or the misuse
    kParty,     // somebody else who belongs to it
    kLockStep,  // taken and held locks of a circle, by turns
    kWaiting,   // a fiber or a group that waits
    kLocation,  // the memory
    kCreation,  // of objects, locks and fibers
  };
  Role role = Role::kHeading;
  std::string heading;  // ends with a colon if a stack may follow
  const Trace* stack = nullptr;
  const FiberName* fiber = nullptr;  // whose stack it is
  std::vector<std::string> notes;
};

// What stands behind an object that has a name: " 'name'", or nothing.
std::string in_quotes(const std::string& name);

std::vector<ReportSection> sections_of(const Report& report);

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_REPORT_SECTIONS_H
