#include "detector/symbolize/symbolizer.h"

#include <dlfcn.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "detector/report/trace_frames.h"
#include "detector/symbolize/modules.h"

namespace fibersan {
namespace {

std::string question(const char* what, const ModuleAddress& module) {
  char offset[32];
  snprintf(offset, sizeof offset, "0x%llx", static_cast<unsigned long long>(module.offset));
  return std::string(what) + " \"" + module.path + "\" " + offset;
}

// What the dynamic symbol table knows; programs are linked with -rdynamic.
std::string exported_name(uintptr_t address) {
  Dl_info info;
  if (dladdr(reinterpret_cast<void*>(address), &info) == 0 || info.dli_sname == nullptr) return "";
  return without_copy_suffix(demangled(info.dli_sname));
}

uint32_t number_at(const std::string& text, size_t begin) {
  return static_cast<uint32_t>(strtoul(text.c_str() + begin, nullptr, 10));
}

}  // namespace

// "file:line:column" or "file:line"; the file may contain colons itself.
void Symbolizer::set_place(SourceFrame& frame, const std::string& place) const {
  std::string rest = place;
  uint32_t numbers[2] = {0, 0};
  int count = 0;
  while (count < 2) {
    size_t colon = rest.rfind(':');
    if (colon == std::string::npos) break;
    if (rest.find_first_not_of("0123456789?", colon + 1) != std::string::npos) break;
    numbers[count++] = number_at(rest, colon + 1);
    rest.resize(colon);
  }
  if (rest == "??" || rest.empty()) return;
  const std::string& prefix = options_.strip_path_prefix;
  if (!prefix.empty()) {
    size_t found = rest.find(prefix);
    if (found != std::string::npos) rest.erase(0, found + prefix.size());
  }
  if (rest.compare(0, 2, "./") == 0) rest.erase(0, 2);
  frame.file = rest;
  frame.line = count == 2 ? numbers[1] : numbers[0];
  frame.column = count == 2 ? numbers[0] : 0;
}

const std::vector<SourceFrame>& Symbolizer::code(uintptr_t address) {
  auto [entry, is_new] = known_.try_emplace(address);
  if (is_new) entry->second = ask_code(address);
  return entry->second;
}

std::vector<SourceFrame> Symbolizer::ask_code(uintptr_t address) {
  SourceFrame base;
  std::optional<ModuleAddress> module = find_module(address);
  base.module_offset = module ? module->offset : address;
  if (!module) return {base};
  base.module = module->name;

  std::vector<SourceFrame> frames;
  if (options_.symbolize) {
    auto lines = process_.ask(question("CODE", *module)).value_or(std::vector<std::string>());
    for (size_t i = 0; i + 1 < lines.size(); i += 2) {
      SourceFrame frame = base;
      // llvm-symbolizer 19 leaves generic lambdas mangled.
      if (lines[i] != "??") frame.function = without_copy_suffix(demangled(lines[i].c_str()));
      set_place(frame, lines[i + 1]);
      frame.inlined = i + 3 < lines.size();
      frames.push_back(std::move(frame));
    }
  }
  if (frames.empty()) frames.push_back(base);
  if (frames.size() == 1 && frames[0].function.empty() && options_.symbolize) {
    frames[0].function = exported_name(address);
  }
  return frames;
}

std::optional<GlobalVariable> Symbolizer::data(uintptr_t address) {
  std::optional<ModuleAddress> module = find_module(address);
  if (!module || !is_global(address)) return std::nullopt;
  GlobalVariable global;
  global.where.module = module->name;
  global.where.module_offset = module->offset;
  if (!options_.symbolize) {  // who has the file can find the name
    global.address = address;
    return global;
  }
  auto lines = process_.ask(question("DATA", *module)).value_or(std::vector<std::string>());
  if (lines.size() < 2 || lines[0] == "??") return std::nullopt;
  char* end = nullptr;
  uint64_t start = strtoull(lines[1].c_str(), &end, 10);
  global.size = strtoull(end, nullptr, 10);
  if (module->offset < start || module->offset - start >= global.size) return std::nullopt;
  global.name = lines[0];
  global.address = address - (module->offset - start);
  global.where.module_offset = start;
  if (lines.size() > 2) set_place(global.where, lines[2]);
  return global;
}

std::vector<LocalVariable> Symbolizer::locals(uintptr_t address) {
  std::vector<LocalVariable> found;
  std::optional<ModuleAddress> module = find_module(address);
  if (!module || !options_.symbolize) return found;
  auto lines = process_.ask(question("FRAME", *module)).value_or(std::vector<std::string>());
  // Function, name, declaration, and "offset size tag", each "??" when it is not known.
  for (size_t i = 0; i + 3 < lines.size(); i += 4) {
    LocalVariable local;
    char* end = nullptr;
    local.offset = strtoll(lines[i + 3].c_str(), &end, 10);
    if (end == lines[i + 3].c_str()) continue;
    local.size = strtoull(end, nullptr, 10);
    local.function = lines[i];
    local.name = lines[i + 1];
    set_place(local.where, lines[i + 2]);
    if (local.size != 0 && local.name != "??") found.push_back(std::move(local));
  }
  return found;
}

std::optional<std::string> Symbolizer::missing() {
  if (missing_told_ || process_.failure().empty()) return std::nullopt;
  missing_told_ = true;
  const char* what = process_.was_started()
                         ? "FiberSan: llvm-symbolizer does not answer"
                         : "FiberSan: no llvm-symbolizer found (Debian package llvm-19)";
  return what + (": stacks have modules and offsets instead of lines; " + process_.failure());
}

}  // namespace fibersan
