// manual.h: what the command line says of itself, for shells and for man.
//
// Input:    the command line with all sub-commands. Output: text.
#ifndef FIBERSAN_UTILS_FIBERSAN_MANUAL_H
#define FIBERSAN_UTILS_FIBERSAN_MANUAL_H

#include <CLI/CLI.hpp>
#include <string>

namespace fibersan::command {

std::string bash_completion(const CLI::App& top);
std::string zsh_completion(const CLI::App& top);
std::string man_page(const CLI::App& top);

}  // namespace fibersan::command

#endif  // FIBERSAN_UTILS_FIBERSAN_MANUAL_H
