// headline.h: a finding in one sentence, without addresses, so that it is the same in each run.
//
// Output:   its parts, such as "write of size 4 by fiber 7 in add" and "previous read ...", each
// with the
//           stack it is about.
// Threads:  any; pure functions.
// Not here: the long form, see ../sections.h.
#ifndef FIBERSAN_DETECTOR_REPORT_RENDER_HEADLINE_H
#define FIBERSAN_DETECTOR_REPORT_RENDER_HEADLINE_H

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "detector/report/report.h"

namespace fibersan {

struct HeadlinePart {
  std::string text;
  const Trace* stack = nullptr;  // of the report
};

// At most `most`, then how many more there are.
std::vector<HeadlinePart> headline_parts(const Report& report, size_t most = 4);

// "Data race: write of size 4 by fiber 7 in add; previous read of size 4 by fiber 5 in look".
std::string headline(const Report& report);

// Of a demangled function the name alone: no parameters, template arguments, type, or const.
std::string short_function(const std::string& function);

// Not the program's: it belongs to the fiber or the C++ library.
bool is_of_library(std::string_view short_name);

std::string capitalised(std::string text);

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_REPORT_RENDER_HEADLINE_H
