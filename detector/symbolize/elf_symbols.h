// elf_symbols.h: what a module's symbol table knows and llvm-symbolizer does not tell.
//
// Input:    the module's file; an address as the file has it, or an offset in its TLS segment.
// Output:   the thread_local variable there; the function around it, with its first address.
// Cost:     reads the file's symbol table: for reports only.
// Threads:  any.
// Not here: whose copy of the segment an address is in, see findings/thread_local_place.h.
#ifndef FIBERSAN_DETECTOR_SYMBOLIZE_ELF_SYMBOLS_H
#define FIBERSAN_DETECTOR_SYMBOLIZE_ELF_SYMBOLS_H

#include <cstdint>
#include <optional>
#include <string>

namespace fibersan {

enum class ElfSymbolKind { kFunction, kThreadLocal };

struct ElfSymbol {
  std::string name;    // demangled
  uint64_t value = 0;  // its first address, or offset in the segment
  uint64_t size = 0;
};

// Absent when the file is stripped of the symbol, or cannot be read.
std::optional<ElfSymbol> find_elf_symbol(const std::string& module_path, ElfSymbolKind kind,
                                         uint64_t value);

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_SYMBOLIZE_ELF_SYMBOLS_H
