#include "runtime/local_symbols.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>

namespace fiber::internal {
namespace {

struct SymbolTable {
  const Elf64_Sym* symbols = nullptr;
  uint64_t count = 0;
  const char* names = nullptr;
  uint64_t names_size = 0;
};

const char* map_executable(uint64_t& size) {
  const int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  if (file < 0) return nullptr;
  struct stat status = {};
  void* memory = MAP_FAILED;
  if (fstat(file, &status) == 0) {
    size = static_cast<uint64_t>(status.st_size);
    memory = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file, 0);
  }
  close(file);
  return memory == MAP_FAILED ? nullptr : static_cast<const char*>(memory);
}

bool inside(uint64_t offset, uint64_t bytes, uint64_t size) {
  return offset <= size && bytes <= size - offset;
}

SymbolTable read_table() {
  uint64_t size = 0;
  const char* file = map_executable(size);
  if (file == nullptr || size < sizeof(Elf64_Ehdr)) return {};
  const auto* header = reinterpret_cast<const Elf64_Ehdr*>(file);
  if (memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 || header->e_ident[EI_CLASS] != ELFCLASS64 ||
      !inside(header->e_shoff, uint64_t{header->e_shnum} * sizeof(Elf64_Shdr), size))
    return {};
  const auto* sections = reinterpret_cast<const Elf64_Shdr*>(file + header->e_shoff);
  for (int i = 0; i < header->e_shnum; ++i) {
    const Elf64_Shdr& section = sections[i];
    if (section.sh_type != SHT_SYMTAB || section.sh_link >= header->e_shnum) continue;
    const Elf64_Shdr& names = sections[section.sh_link];
    if (!inside(section.sh_offset, section.sh_size, size) ||
        !inside(names.sh_offset, names.sh_size, size))
      return {};
    return {reinterpret_cast<const Elf64_Sym*>(file + section.sh_offset),
            section.sh_size / sizeof(Elf64_Sym), file + names.sh_offset, names.sh_size};
  }
  return {};
}

}  // namespace

const char* find_local_symbol(uint64_t offset) {
  static const SymbolTable table = read_table();
  for (uint64_t i = 0; i < table.count; ++i) {
    const Elf64_Sym& symbol = table.symbols[i];
    if (ELF64_ST_TYPE(symbol.st_info) != STT_FUNC || symbol.st_name >= table.names_size) continue;
    if (offset >= symbol.st_value && offset - symbol.st_value < symbol.st_size)
      return table.names + symbol.st_name;
  }
  return nullptr;
}

}  // namespace fiber::internal
