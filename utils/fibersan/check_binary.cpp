// check_binary.cpp: `fibersan check-binary` proves that files are instrumented.
//
// A program or shared library is, when at least one function of it is checked. An archive is,
// when besides each of its members that have code was compiled with the pass: a linker may take
// any of them.
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "detector/abi/hooks.h"
#include "detector/abi/note.h"
#include "utils/fibersan/command.h"
#include "utils/fibersan/elf_notes.h"
#include "utils/fibersan/input.h"
#include "utils/fibersan/output.h"

namespace fibersan::command {
namespace {

struct Verdict {
  std::string file;
  std::string kind;
  bool instrumented = false;
  uint64_t functions = 0;
  uint64_t objects = 0;             // that were compiled with the pass
  std::set<std::string> versions;   // of the pass
  std::set<std::string> options;    // of the pass, other than the defaults
  std::set<std::string> detectors;  // versions
  bool other_abi = false;
  bool has_code = false;
  std::vector<std::string> without;  // members of an archive: code without the pass
};

std::string words_for_kind(const BinaryFile& binary) {
  if (binary.is_archive) return "archive";
  switch (binary.objects.front().kind) {
    case ObjectFile::Kind::kExecutable:
      return "program";
    case ObjectFile::Kind::kSharedLibrary:
      return "shared library";
    case ObjectFile::Kind::kRelocatable:
      return "object file";
  }
  return "";
}

Verdict judge(const std::string& path, const BinaryFile& binary) {
  Verdict verdict;
  verdict.file = path;
  verdict.kind = words_for_kind(binary);
  for (const ObjectFile& object : binary.objects) {
    bool passed = false;
    for (const InstrumentationNote& note : object.notes) {
      if (note.type == FSAN_NOTE_DETECTOR) verdict.detectors.insert(note.version);
      if (note.type != FSAN_NOTE_INSTRUMENTED) continue;
      passed = true;
      ++verdict.objects;
      verdict.functions += note.functions;
      verdict.versions.insert(note.version);
      if (!note.options.empty()) verdict.options.insert(note.options);
      if (note.abi_version != FSAN_ABI_VERSION) verdict.other_abi = true;
    }
    verdict.has_code |= object.has_code;
    if (!passed && object.has_code) verdict.without.push_back(object.member);
  }
  if (!binary.is_archive) verdict.without.clear();
  verdict.instrumented = verdict.functions != 0 && verdict.without.empty();
  return verdict;
}

std::string joined(const std::set<std::string>& texts, const char* between) {
  std::string result;
  for (const std::string& text : texts) result += (result.empty() ? "" : between) + text;
  return result;
}

std::string why_not(const Verdict& verdict) {
  if (!verdict.has_code) return "it has no code";
  if (!verdict.without.empty() && verdict.objects != 0) {
    std::string text = std::to_string(verdict.without.size()) + " of its " +
                       std::to_string(verdict.without.size() + verdict.objects) +
                       " members with code were compiled without --config=fibersan.cfg:";
    for (size_t i = 0; i < verdict.without.size() && i < 5; ++i) text += " " + verdict.without[i];
    if (verdict.without.size() > 5) text += " ...";
    return text;
  }
  if (verdict.objects != 0)
    return "compiled with --config=fibersan.cfg, but no function is checked: all are opted out by "
           "FIBERSAN_IGNORE or an ignore list, or there are none";
  if (!verdict.detectors.empty())
    return "the detector is linked in, but no function was compiled for it: say "
           "--config=fibersan.cfg when compiling, not only when linking";
  return "compile and link it with --config=fibersan.cfg";
}

std::string as_text(const Verdict& verdict) {
  std::string text = verdict.file + ": " + verdict.kind;
  if (!verdict.instrumented) return text + ", not instrumented: " + why_not(verdict) + "\n";
  text += " instrumented by FiberSan " + joined(verdict.versions, " and ");
  text += ": " + counted(verdict.functions, "function") + " in " +
          counted(verdict.objects, "object file");
  text += ", options: " + (verdict.options.empty() ? "default" : joined(verdict.options, " | "));
  if (!verdict.detectors.empty())
    text += ", with the detector of FiberSan " + joined(verdict.detectors, " and ");
  if (verdict.other_abi)
    text += "; parts were compiled for another version of the detector, which refuses to run them";
  return text + "\n";
}

nlohmann::ordered_json as_json(const Verdict& verdict) {
  nlohmann::ordered_json value = {{"file", verdict.file},
                                  {"kind", verdict.kind},
                                  {"instrumented", verdict.instrumented},
                                  {"functions", verdict.functions},
                                  {"object_files", verdict.objects},
                                  {"versions", verdict.versions},
                                  {"options", verdict.options},
                                  {"detectors", verdict.detectors},
                                  {"members_without", verdict.without}};
  if (!verdict.instrumented) value["why"] = why_not(verdict);
  return value;
}

Verdict check(const std::string& path) {
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  try {
    const std::string content = read_file(path);
    return judge(path, read_notes(content, [&](const std::string& member) {
                   return read_file((folder / member).string());
                 }));
  } catch (const BadBinary& error) {
    throw Unusable("'" + path + "' " + error.what());
  }
}

int check_all(const std::vector<std::string>& files, bool json) {
  int status = kSuccess;
  auto list = nlohmann::ordered_json::array();
  std::string text;
  for (const std::string& file : files) {
    try {
      const Verdict verdict = check(file);
      if (!verdict.instrumented) status = std::max(status, kFound);
      if (json) list.push_back(as_json(verdict));
      text += as_text(verdict);
    } catch (const Unusable& error) {
      status = kUnusable;
      say(error.what());
    }
  }
  constexpr auto kReplace = nlohmann::ordered_json::error_handler_t::replace;
  print(json ? list.dump(2, ' ', false, kReplace) + "\n" : text);
  return status;
}

}  // namespace

Action add_check_binary(CLI::App& top) {
  struct Arguments {
    std::vector<std::string> files;
    std::string format = "text";
  };
  auto arguments = std::make_shared<Arguments>();
  CLI::App* app =
      top.add_subcommand("check-binary", "Prove that programs and libraries are instrumented");
  app->add_option("FILE", arguments->files, "Programs, shared libraries, object files, archives")
      ->required()
      ->option_text("...");
  app->add_option("--format", arguments->format, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->option_text("FORMAT");
  app->footer(
      "Exit status: 0 all are instrumented; 1 one is not; 2 one cannot be read, or is no ELF "
      "file.");
  return [arguments] { return check_all(arguments->files, arguments->format == "json"); };
}

}  // namespace fibersan::command
