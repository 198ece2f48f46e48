// manual.cpp: `fibersan completion bash|zsh` and `fibersan man`, made from the help's own data.
#include "utils/fibersan/manual.h"

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "utils/fibersan/command.h"
#include "utils/fibersan/output.h"

namespace fibersan::command {
namespace {

std::vector<const CLI::App*> shown(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App* sub) { return !sub->get_group().empty(); });
}

std::vector<const CLI::Option*> options_of(const CLI::App& app) {
  return app.get_options([](const CLI::Option* option) { return option->nonpositional(); });
}

// "-o", "--output".
std::vector<std::string> names_of(const CLI::Option& option) {
  std::vector<std::string> names;
  for (const std::string& name : option.get_snames()) names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) names.push_back("--" + name);
  return names;
}

// Of "{a,b,c}", which is how a choice describes itself, "a b c".
std::string choices_of(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  const size_t open = type.rfind('{');
  const size_t close = type.find('}', open == type.npos ? 0 : open);
  if (open == type.npos || close == type.npos) return "";
  std::string choices = type.substr(open + 1, close - open - 1);
  for (char& letter : choices)
    if (letter == ',') letter = ' ';
  return choices;
}

// Sub-commands, options, and what an argument in its place may be.
std::string words_of(const CLI::App& app) {
  std::string words;
  for (const CLI::App* sub : shown(app)) words += (words.empty() ? "" : " ") + sub->get_name();
  for (const CLI::Option* option : options_of(app)) {
    for (const std::string& name : names_of(*option)) words += (words.empty() ? "" : " ") + name;
  }
  for (const CLI::Option* option : app.get_options()) {
    const std::string choices = option->nonpositional() ? "" : choices_of(*option);
    if (!choices.empty()) words += (words.empty() ? "" : " ") + choices;
  }
  return words;
}

// Cases "command --option) words" for options with choices.
std::string choice_cases(const CLI::App& app, const std::string& path) {
  std::string cases;
  for (const CLI::Option* option : options_of(app)) {
    const std::string choices = choices_of(*option);
    if (choices.empty()) continue;
    for (const std::string& name : names_of(*option))
      cases += "    \"" + path + name + "\") choices='" + choices + "' ;;\n";
  }
  for (const CLI::App* sub : shown(app)) cases += choice_cases(*sub, path + sub->get_name() + " ");
  return cases;
}

std::string command_cases(const CLI::App& app, const std::string& path) {
  std::string cases = "    \"" + path + "\") choices='" + words_of(app) + "' ;;\n";
  for (const CLI::App* sub : shown(app)) cases += command_cases(*sub, path + sub->get_name() + " ");
  return cases;
}

std::string command_words(const CLI::App& app) {
  std::string words;
  for (const CLI::App* sub : shown(app)) words += sub->get_name() + "|" + command_words(*sub);
  return words;
}

// Sets `choices` to what may come next; `chosen` is the sub-commands typed so far.
std::string shell_body(const CLI::App& top) {
  std::string known = command_words(top);
  known.pop_back();
  return "  local word choices='' chosen='' count=0\n"
         "  for word in \"${typed[@]}\"; do\n"
         "    case \"$word\" in\n"
         "      " +
         known +
         ") [ $count -lt 2 ] && chosen=\"$chosen$word \" && count=$((count + 1)) ;;\n"
         "    esac\n"
         "  done\n"
         "  case \"$chosen$previous\" in\n" +
         choice_cases(top, "") +
         "  esac\n"
         "  [ -n \"$choices\" ] || case \"$chosen\" in\n" +
         command_cases(top, "") + "  esac\n";
}

// A dot at the begin of a line and a backslash mean something to troff.
std::string troff(const std::string& text) {
  std::string result;
  for (const char letter : text) {
    if ((letter == '.' || letter == '\'') && (result.empty() || result.back() == '\n'))
      result += "\\&";
    if (letter == '\\')
      result += "\\e";
    else if (letter == '-')
      result += "\\-";
    else
      result += letter;
  }
  return result;
}

std::string man_options(const CLI::App& app) {
  std::string text;
  for (const CLI::Option* option :
       app.get_options([](const CLI::Option* one) { return !one->get_group().empty(); })) {
    std::string names;
    if (option->nonpositional()) {
      for (const std::string& name : names_of(*option)) names += (names.empty() ? "" : ", ") + name;
    } else {
      names = option->get_name(true);
    }
    std::string value = option->get_option_text();
    if (value == " ") value.clear();
    text += ".TP\n.B " + troff(names) + (value.empty() ? "" : " \\fI" + troff(value) + "\\fR") +
            "\n" + troff(option->get_description()) + "\n";
  }
  return text;
}

std::string man_command(const CLI::App& app, const std::string& path) {
  std::string text;
  for (const CLI::App* sub : shown(app)) {
    const std::string name = path + " " + sub->get_name();
    text += ".SS " + troff(name) + "\n" + troff(sub->get_description()) + ".\n";
    text += man_options(*sub);
    if (!sub->get_footer().empty()) text += ".PP\n" + troff(sub->get_footer()) + "\n";
    text += man_command(*sub, name);
  }
  return text;
}

}  // namespace

std::string bash_completion(const CLI::App& top) {
  return "# bash completion of fibersan, made by: fibersan completion bash\n"
         "_fibersan() {\n"
         "  local current=\"${COMP_WORDS[COMP_CWORD]}\" previous=\"${COMP_WORDS[COMP_CWORD-1]}\"\n"
         "  local typed=(\"${COMP_WORDS[@]:1:COMP_CWORD-1}\")\n" +
         shell_body(top) +
         "  mapfile -t COMPREPLY < <(compgen -W \"$choices\" -- \"$current\"; compgen -f -- "
         "\"$current\")\n"
         "}\n"
         "complete -o filenames -F _fibersan fibersan\n";
}

std::string zsh_completion(const CLI::App& top) {
  return "#compdef fibersan\n"
         "# zsh completion of fibersan, made by: fibersan completion zsh\n"
         "_fibersan() {\n"
         "  local previous=\"${words[CURRENT-1]}\"\n"
         "  local -a typed=(\"${(@)words[2,CURRENT-1]}\")\n" +
         shell_body(top) +
         "  compadd -- ${=choices}\n"
         "  _files\n"
         "}\n"
         // The first time in a shell the whole file is called for a completion.
         "if [ \"$funcstack[1]\" = _fibersan ]; then\n"
         "  _fibersan \"$@\"\n"
         "else\n"
         "  compdef _fibersan fibersan\n"
         "fi\n";
}

std::string man_page(const CLI::App& top) {
  std::string names;
  for (const CLI::App* sub : shown(top))
    names += ".br\n.B fibersan " + troff(sub->get_name()) + "\n\\&...\n";
  return ".TH FIBERSAN 1 \"\" \"FiberSan " FIBERSAN_VERSION
         "\" \"User Commands\"\n"
         ".SH NAME\nfibersan \\- " +
         troff("render, compare and gate reports of FiberSan") +
         "\n"
         ".SH SYNOPSIS\n" +
         names.substr(4) + ".SH DESCRIPTION\n" + troff(top.get_description()) + "\n.PP\n" +
         troff(top.get_footer()) + "\n" + man_options(top) + ".SH COMMANDS\n" +
         man_command(top, "fibersan") +
         ".SH EXIT STATUS\n0 done and nothing found; 1 found; 2 no answer: the input or the "
         "arguments "
         "are unusable, or the result could not be written.\n"
         ".SH ENVIRONMENT\n.TP\n.B FIBERSAN_OPTIONS\nOptions of the detector of a checked "
         "program;\n"
         ".B fibersan options\nprints them.\n.TP\n.B FIBER_OPTIONS\nOptions of its runtime.\n";
}

Action add_completion(CLI::App& top) {
  auto shell = std::make_shared<std::string>();
  CLI::App* app = top.add_subcommand("completion", "Print what completes arguments in a shell");
  app->add_option("SHELL", *shell, "bash or zsh")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh"}))
      ->option_text(" ");
  app->footer("As in: source <(fibersan completion bash). The installed tree has both in share/.");
  return [shell, &top] {
    print(*shell == "bash" ? bash_completion(top) : zsh_completion(top));
    return kSuccess;
  };
}

Action add_man(CLI::App& top) {
  top.add_subcommand("man", "Print the manual page")->group("");
  return [&top] {
    print(man_page(top));
    return kSuccess;
  };
}

}  // namespace fibersan::command
