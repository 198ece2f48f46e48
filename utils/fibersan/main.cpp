// main.cpp: the command `fibersan`: picks the sub-command and turns errors into messages.
#include <algorithm>
#include <csignal>
#include <exception>
#include <new>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "utils/fibersan/command.h"
#include "utils/fibersan/command_line.h"
#include "utils/fibersan/output.h"

namespace fibersan::command {
namespace {

using AddCommand = Action (*)(CLI::App&);
constexpr AddCommand kCommands[] = {add_report,       add_diff, add_gate,      add_suppressions,
                                    add_check_binary, add_run,  add_symbolize, add_options,
                                    add_completion,   add_man};

struct Chosen {
  CLI::App* app;
  Action action;
};

int run(int argc, char** argv) {
  CLI::App top;
  describe(top);
  std::vector<Chosen> commands;
  for (const AddCommand add : kCommands) {
    Action action = add(top);
    commands.push_back({top.get_subcommands({}).back(), std::move(action)});
  }
  finish(top);
  if (const auto status = parse(top, argc, argv)) return *status;
  const auto chosen =
      std::ranges::find_if(commands, [](const Chosen& command) { return command.app->parsed(); });
  return chosen->action();
}

}  // namespace
}  // namespace fibersan::command

int main(int argc, char** argv) {
  using fibersan::command::kUnusable;
  using fibersan::command::say;
  // Whoever started us may have ignored it; then `fibersan ... | head` would be an error.
  static_cast<void>(std::signal(SIGPIPE, SIG_DFL));
  try {
    return fibersan::command::run(argc, argv);
  } catch (const fibersan::command::Unusable& error) {
    say(error.what());
  } catch (const std::bad_alloc&) {
    say("out of memory: give it fewer or smaller reports at a time");
  } catch (const std::exception& error) {
    say(std::string("internal error: ") + error.what());
  }
  return kUnusable;
}
