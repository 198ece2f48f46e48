#include "detector/symbolize/elf_symbols.h"

#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <unistd.h>

#include <cstring>
#include <vector>

#include "detector/symbolize/modules.h"

namespace fibersan {
namespace {

// A file of the system's own class, little-endian as it is.
class ElfFile {
 public:
  explicit ElfFile(const std::string& path) : file_(open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    ElfW(Ehdr) header;
    if (!read_at(0, &header, sizeof header) || memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
        header.e_shentsize != sizeof(ElfW(Shdr)))
      return;
    sections_ = read_all<ElfW(Shdr)>(header.e_shoff, header.e_shnum * sizeof(ElfW(Shdr)));
  }
  ~ElfFile() {
    if (file_ >= 0) close(file_);
  }
  ElfFile(const ElfFile&) = delete;
  ElfFile& operator=(const ElfFile&) = delete;

  std::optional<ElfSymbol> find(uint32_t table_type, unsigned type, uint64_t value) const {
    for (const ElfW(Shdr) & table : sections_) {
      if (table.sh_type != table_type || table.sh_link >= sections_.size()) continue;
      for (const ElfW(Sym) & symbol : read_all<ElfW(Sym)>(table.sh_offset, table.sh_size)) {
        if (ELF64_ST_TYPE(symbol.st_info) != type || symbol.st_shndx == SHN_UNDEF ||
            value - symbol.st_value >= symbol.st_size)
          continue;
        const ElfW(Shdr)& names = sections_[table.sh_link];
        return ElfSymbol{demangled(name_at(names.sh_offset + symbol.st_name).c_str()),
                         symbol.st_value, symbol.st_size};
      }
    }
    return std::nullopt;
  }

 private:
  bool read_at(uint64_t offset, void* to, size_t size) const {
    return file_ >= 0 && pread(file_, to, size, static_cast<off_t>(offset)) == ssize_t(size);
  }
  // Nothing when the file is shorter.
  template <typename T>
  std::vector<T> read_all(uint64_t offset, uint64_t bytes) const {
    constexpr uint64_t kMost = uint64_t{1} << 30;  // of a file that is none
    std::vector<T> all(bytes < kMost ? bytes / sizeof(T) : 0);
    if (!read_at(offset, all.data(), all.size() * sizeof(T))) all.clear();
    return all;
  }
  std::string name_at(uint64_t offset) const {
    char name[1024] = {};
    const ssize_t length = pread(file_, name, sizeof name - 1, static_cast<off_t>(offset));
    return length > 0 ? name : "";
  }

  int file_;
  std::vector<ElfW(Shdr)> sections_;
};

}  // namespace

std::optional<ElfSymbol> find_elf_symbol(const std::string& module_path, ElfSymbolKind kind,
                                         uint64_t value) {
  const ElfFile file(module_path);
  const unsigned type = kind == ElfSymbolKind::kThreadLocal ? STT_TLS : STT_FUNC;
  if (auto symbol = file.find(SHT_SYMTAB, type, value)) return symbol;
  return file.find(SHT_DYNSYM, type, value);
}

}  // namespace fibersan
