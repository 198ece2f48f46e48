// filter.h: some of the findings: --kind, --fingerprint, --file, --fiber.
//
// Output:   documents with the findings that every given option admits; an option that is given
//           more than once admits what any of its values does.
#ifndef FIBERSAN_UTILS_FIBERSAN_FILTER_H
#define FIBERSAN_UTILS_FIBERSAN_FILTER_H

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "detector/report/document.h"

namespace fibersan::command {

struct Filter {
  std::vector<std::string> kinds;         // data-race or 'data race'
  std::vector<std::string> fingerprints;  // or their beginnings
  std::vector<std::string> files;         // parts of the names of source files in any stack
  std::vector<std::string> fibers;        // names or numbers
};

void add_filter(CLI::App& app, Filter& filter);

// Unusable: a kind that there is not.
void apply(const Filter& filter, std::vector<Document>& documents);

}  // namespace fibersan::command

#endif  // FIBERSAN_UTILS_FIBERSAN_FILTER_H
