// modules.h: which loaded file an address belongs to.
//
// Cost:     a walk over the loaded modules under the loader's lock: for reports only.
// Threads:  any.
#ifndef FIBERSAN_DETECTOR_SYMBOLIZE_MODULES_H
#define FIBERSAN_DETECTOR_SYMBOLIZE_MODULES_H

#include <cstdint>
#include <optional>
#include <string>

namespace fibersan {

struct ModuleAddress {
  std::string path;     // of the file, for the symbolizer
  std::string name;     // without folders, for people
  uint64_t offset = 0;  // address as the file's own symbol table has it (0-based for PIE)
};

std::optional<ModuleAddress> find_module(uintptr_t address);

// Of the module that the loader calls so; the executable has no name there.
std::string module_path(const char* loader_name);

// "a::b(int)" of its symbol; unchanged when it is no mangled name.
std::string demangled(const char* symbol);

// Whether the address lies in a writable, loaded segment: a global.
bool is_global(uintptr_t address);

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_SYMBOLIZE_MODULES_H
