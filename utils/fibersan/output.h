// output.h: where a result goes.
//
// Errors:   Unusable, when it cannot be written whole. A closed pipe ends the command silently by
//           SIGPIPE, as it does other tools of a pipe.
#ifndef FIBERSAN_UTILS_FIBERSAN_OUTPUT_H
#define FIBERSAN_UTILS_FIBERSAN_OUTPUT_H

#include <string>
#include <string_view>

namespace fibersan::command {

// To a file, which is complete or as it was; "-" is standard output.
void write_result(const std::string& path, std::string_view text);

inline void print(std::string_view text) { write_result("-", text); }

// Whether standard output is one that shows colours.
bool is_terminal();

// A line on standard error that begins with "fibersan: ".
void say(std::string_view line);

}  // namespace fibersan::command

#endif  // FIBERSAN_UTILS_FIBERSAN_OUTPUT_H
