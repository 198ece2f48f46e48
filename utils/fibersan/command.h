// command.h: what the sub-commands of `fibersan` have in common; one file each.
//
// Errors:   what cannot be done is thrown as Unusable, whose text says what happened and what to
//           do; main() prints it and exits with kUnusable.
//
// Invariants
//   C1  Results go to standard output, or where -o says; everything else to standard error.
//   C2  0: done and nothing found; 1: found; 2: no answer, because the input or the command line
//       is unusable or the result could not be written. Never 0 without an answer.
#ifndef FIBERSAN_UTILS_FIBERSAN_COMMAND_H
#define FIBERSAN_UTILS_FIBERSAN_COMMAND_H

#include <CLI/CLI.hpp>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

namespace fibersan::command {

inline constexpr int kSuccess = 0;
inline constexpr int kFound = 1;
inline constexpr int kUnusable = 2;

class Unusable : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// What a sub-command does once its arguments are known; returns the exit status.
using Action = std::function<int()>;

// Each adds its sub-command to the command line.
Action add_check_binary(CLI::App& top);
Action add_completion(CLI::App& top);
Action add_diff(CLI::App& top);
Action add_gate(CLI::App& top);
Action add_man(CLI::App& top);
Action add_options(CLI::App& top);
Action add_report(CLI::App& top);
Action add_run(CLI::App& top);
Action add_suppressions(CLI::App& top);
Action add_symbolize(CLI::App& top);

// The argument FILE..., with what is said of it everywhere.
void add_report_files(CLI::App& app, std::vector<std::string>& files);

// "1 finding", "2 findings".
std::string counted(uint64_t number, const std::string& what);

}  // namespace fibersan::command

#endif  // FIBERSAN_UTILS_FIBERSAN_COMMAND_H
