#include "utils/fibersan/command_line.h"

#include <algorithm>
#include <memory>
#include <numeric>
#include <string>
#include <string_view>
#include <vector>

#include "utils/fibersan/command.h"
#include "utils/fibersan/output.h"

namespace fibersan::command {
namespace {

std::vector<std::string> after_dashes;

// Levenshtein's.
size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = std::exchange(row[0], i);
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t best =
          std::min({row[j] + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
      diagonal = std::exchange(row[j], best);
    }
  }
  return row[b.size()];
}

std::string names_of(const std::vector<const CLI::App*>& commands) {
  std::string names;
  for (const CLI::App* command : commands)
    names += (names.empty() ? "" : ", ") + command->get_name();
  return names;
}

bool has_command(const CLI::App& top, std::string_view word) {
  return std::ranges::any_of(top.get_subcommands({}),
                             [&](const CLI::App* app) { return app->get_name() == word; });
}

[[noreturn]] void unknown_command(const CLI::App& top, const std::string& word) {
  const std::vector<const CLI::App*> commands = top.get_subcommands({});
  const CLI::App* nearest = *std::ranges::min_element(
      commands, {}, [&](const CLI::App* app) { return edit_distance(word, app->get_name()); });
  throw Unusable("there is no command '" + word + "'; did you mean '" + nearest->get_name() +
                 "'? The commands are: " + names_of(commands));
}

// The innermost command that the arguments chose.
const CLI::App& chosen(const CLI::App& top) {
  const std::vector<CLI::App*> below = top.get_subcommands();
  return below.empty() ? top : chosen(*below.front());
}

std::string full_name(const CLI::App& app) {
  return app.get_parent() == nullptr ? "fibersan"
                                     : full_name(*app.get_parent()) + " " + app.get_name();
}

}  // namespace

void describe(CLI::App& top) {
  top.name("fibersan");
  top.description(
      "Reports of FiberSan, which finds data races and deadlocks of fibers: render, compare, "
      "gate.");
  top.set_help_flag("-h,--help", "Print this help");
  top.set_version_flag("--version", "fibersan " FIBERSAN_VERSION, "Print the version");
  top.require_subcommand(1);
  top.get_formatter()->label("SUBCOMMAND", "COMMAND");
  top.get_formatter()->label("Positionals", "Arguments");
  top.get_formatter()->label("OPTIONS", "options");
  top.get_formatter()->column_width(32);
}

void add_report_files(CLI::App& app, std::vector<std::string>& files) {
  app.add_option("FILE", files,
                 "Reports: files, folders, P where P.<pid> are, or - for standard input")
      ->required()
      ->option_text("...");
}

std::string counted(uint64_t number, const std::string& what) {
  return std::to_string(number) + " " + what + (number == 1 ? "" : "s");
}

void finish(CLI::App& top) {
  // Only now: sub-commands would inherit it.
  top.footer(
      "'fibersan COMMAND --help' tells more. A run writes reports that this command reads with\n"
      "FIBERSAN_OPTIONS=format=json:log_path=PATH, a file PATH.<pid> for each process.");
}

const std::vector<std::string>& words_after_dashes() { return after_dashes; }

std::optional<int> parse(CLI::App& top, int argc, char** argv) {
  // The parser would take options of the command that is run for options of `run`.
  if (argc > 1 && argv[1] == std::string_view("run")) {
    char** const dashes = std::find(argv, argv + argc, std::string_view("--"));
    if (dashes != argv + argc) after_dashes.assign(dashes + 1, argv + argc);
    argc = static_cast<int>(dashes - argv);
  }
  if (argc > 1 && argv[1][0] != '-' && !has_command(top, argv[1])) unknown_command(top, argv[1]);
  try {
    top.parse(argc, argv);
    return std::nullopt;
  } catch (const CLI::CallForHelp&) {
    const CLI::App& app = chosen(top);
    print(app.help(app.get_parent() == nullptr ? "" : full_name(*app.get_parent())));
  } catch (const CLI::CallForVersion& version) {
    print(std::string(version.what()) + "\n");
  } catch (const CLI::ParseError& error) {
    const std::string command = full_name(chosen(top));
    throw Unusable(std::string(error.what()) + "; '" + command + " --help' shows how to use it");
  }
  return kSuccess;
}

}  // namespace fibersan::command
