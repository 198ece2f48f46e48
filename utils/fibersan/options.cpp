// options.cpp: `fibersan options` prints the tables of both environment variables.
//
// Input:    detector/abi/options.def, which the detector and the runtime read, too.
// Not here: docs/options.md, which utils/docs/options.py makes.
#include <cstring>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "utils/fibersan/command.h"
#include "utils/fibersan/output.h"

namespace fibersan::command {
namespace {

struct Option {
  std::string_view scope;
  std::string_view type;
  std::string_view name;
  std::string_view default_value;
  std::string_view help;
};

#define FSAN_TYPED_flag(value) #value
#define FSAN_TYPED_number(value) #value
#define FSAN_TYPED_text(value) value
#define FSAN_OPTION(scope, type, name, value, help) \
  {#scope, #type, #name, FSAN_TYPED_##type(value), help},
constexpr Option kOptions[] = {
#include "detector/abi/options.def"
};
#undef FSAN_OPTION
#undef FSAN_TYPED_text
#undef FSAN_TYPED_number
#undef FSAN_TYPED_flag

struct Variable {
  std::string_view scope;
  std::string_view name;
};
constexpr Variable kVariables[] = {{"detector", "FIBERSAN_OPTIONS"}, {"runtime", "FIBER_OPTIONS"}};

std::string as_text() {
  std::string text;
  for (const Variable& variable : kVariables) {
    if (!text.empty()) text += "\n";
    text.append("Options of ").append(variable.name);
    text += " (key=value, separated by ':', ',' or blanks):\n";
    for (const Option& option : kOptions) {
      if (option.scope != variable.scope) continue;
      std::string name(option.name);
      name.resize(std::max<size_t>(name.size(), 26), ' ');
      text.append("  ").append(name).append(" ").append(option.help).append(" (default: ");
      text.append(option.default_value.empty() ? "empty" : option.default_value).append(")\n");
    }
  }
  return text;
}

std::string as_json() {
  auto list = nlohmann::ordered_json::array();
  for (const Variable& variable : kVariables) {
    for (const Option& option : kOptions) {
      if (option.scope != variable.scope) continue;
      list.push_back({{"variable", variable.name},
                      {"name", option.name},
                      {"type", option.type},
                      {"default", option.default_value},
                      {"help", option.help}});
    }
  }
  return list.dump(2) + "\n";
}

}  // namespace

Action add_options(CLI::App& top) {
  struct Arguments {
    std::string format = "text";
    std::string output = "-";
  };
  auto arguments = std::make_shared<Arguments>();
  CLI::App* app =
      top.add_subcommand("options", "Print the options of FIBERSAN_OPTIONS and FIBER_OPTIONS");
  app->add_option("--format", arguments->format, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->option_text("FORMAT");
  app->add_option("-o,--output", arguments->output, "Write to FILE instead of standard output")
      ->option_text("FILE");
  return [arguments] {
    write_result(arguments->output, arguments->format == "json" ? as_json() : as_text());
    return kSuccess;
  };
}

}  // namespace fibersan::command
