// command_line.h: how the command's arguments read: help, version, errors.
//
// Input:    argv; the sub-commands, each of which has described its own arguments.
// Output:   help and version on standard output, with status 0; what is wrong with the arguments
//           as an Unusable that names the help to read.
#ifndef FIBERSAN_UTILS_FIBERSAN_COMMAND_LINE_H
#define FIBERSAN_UTILS_FIBERSAN_COMMAND_LINE_H

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

namespace fibersan::command {

// Of the whole command: to be called before sub-commands are added, which inherit from it, and
// after that.
void describe(CLI::App& top);
void finish(CLI::App& top);

// The words behind -- of the command line of `run`.
const std::vector<std::string>& words_after_dashes();

// The exit status, if nothing is left to do.
std::optional<int> parse(CLI::App& top, int argc, char** argv);

}  // namespace fibersan::command

#endif  // FIBERSAN_UTILS_FIBERSAN_COMMAND_LINE_H
