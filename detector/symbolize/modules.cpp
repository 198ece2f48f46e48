#include "detector/symbolize/modules.h"

#include <cxxabi.h>
#include <limits.h>
#include <link.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

namespace fibersan {
namespace {

struct Search {
  uintptr_t address;
  uint32_t needed_flags;
  bool found = false;
  uintptr_t load_bias = 0;
  std::string path;
};

int visit(dl_phdr_info* info, size_t, void* data) {
  auto& search = *static_cast<Search*>(data);
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const ElfW(Phdr)& segment = info->dlpi_phdr[i];
    uintptr_t low = info->dlpi_addr + segment.p_vaddr;
    if (segment.p_type != PT_LOAD || (segment.p_flags & search.needed_flags) != search.needed_flags)
      continue;
    if (search.address < low || search.address - low >= segment.p_memsz) continue;
    search.found = true;
    search.load_bias = info->dlpi_addr;
    search.path = info->dlpi_name;
    return 1;
  }
  return 0;
}

Search look_up(uintptr_t address, uint32_t needed_flags) {
  Search search{address, needed_flags, false, 0, {}};
  dl_iterate_phdr(visit, &search);
  return search;
}

// The loader gives the executable no name.
std::string executable_path() {
  char buffer[PATH_MAX];
  ssize_t length = readlink("/proc/self/exe", buffer, sizeof buffer);
  return length <= 0 ? std::string() : std::string(buffer, static_cast<size_t>(length));
}

}  // namespace

std::string module_path(const char* loader_name) {
  return *loader_name == 0 ? executable_path() : loader_name;
}

// A short plain name would be read as a type: "f" is float.
std::string demangled(const char* symbol) {
  if (strncmp(symbol, "_Z", 2) != 0) return symbol;
  int status = 0;
  char* readable = abi::__cxa_demangle(symbol, nullptr, nullptr, &status);
  std::string name = status == 0 && readable != nullptr ? readable : symbol;
  free(readable);
  return name;
}

std::optional<ModuleAddress> find_module(uintptr_t address) {
  Search search = look_up(address, 0);
  if (!search.found) return std::nullopt;
  ModuleAddress module;
  module.path = module_path(search.path.c_str());
  module.name = module.path.substr(module.path.rfind('/') + 1);
  module.offset = address - search.load_bias;
  return module;
}

bool is_global(uintptr_t address) { return look_up(address, PF_W).found; }

}  // namespace fibersan
