// input.h: the bytes of a file that the user named.
//
// Errors:   Unusable, with the file's name, what is wrong and what to do.
#ifndef FIBERSAN_UTILS_FIBERSAN_INPUT_H
#define FIBERSAN_UTILS_FIBERSAN_INPUT_H

#include <string>

namespace fibersan::command {

// "-" is standard input. Not a folder.
std::string read_file(const std::string& path);

}  // namespace fibersan::command

#endif  // FIBERSAN_UTILS_FIBERSAN_INPUT_H
