// owners.h: whom a file belongs to, in the format of CODEOWNERS.
//
// Input:    lines "pattern owner ..."; # begins a comment; the last line that matches counts.
//           A pattern is anchored by a / at its begin or middle, * stands for a name or a part of
//           it, ** for any folders; a folder's pattern holds for all that is in it.
// Output:   the owners as they are written, with blanks between.
// Threads:  any.
#ifndef FIBERSAN_UTILS_FIBERSAN_OWNERS_H
#define FIBERSAN_UTILS_FIBERSAN_OWNERS_H

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "detector/report/report.h"

namespace fibersan::command {

class Owners {
 public:
  explicit Owners(std::string_view text);

  // Empty: nobody.
  [[nodiscard]] std::string of_file(std::string_view path) const;
  // Of the first file among the finding's stacks that has one.
  [[nodiscard]] std::string of(const Report& report) const;

 private:
  std::vector<std::pair<std::string, std::string>> lines_;
};

}  // namespace fibersan::command

#endif  // FIBERSAN_UTILS_FIBERSAN_OWNERS_H
