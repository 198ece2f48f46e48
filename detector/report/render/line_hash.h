// line_hash.h: a name for each line of a source file that stays when other lines change.
//
// Output:   what GitHub's upload action computes as primaryLocationLineHash, so that an alert is
// the
//           same whoever computed it: the 100 characters from the line's begin on, without spaces
//           and tabs, and how many lines with these were met so far.
// Cost:     linear in the text.
// Threads:  any; a pure function.
#ifndef FIBERSAN_DETECTOR_REPORT_RENDER_LINE_HASH_H
#define FIBERSAN_DETECTOR_REPORT_RENDER_LINE_HASH_H

#include <string>
#include <string_view>
#include <vector>

namespace fibersan {

// Of line n at [n - 1]. An empty last line counts.
std::vector<std::string> line_hashes(std::string_view text);

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_REPORT_RENDER_LINE_HASH_H
