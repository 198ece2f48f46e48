// local_symbols.h: names of functions that the dynamic symbol table lacks.
//
// Input:    the running executable's .symtab, as long as it was not stripped. Lambdas and
//           functions of unnamed namespaces are only there.
// Cost:     maps the file once, then a pass over all symbols for each name.
// Threads:  for a process that is about to end.
#ifndef FIBERSAN_RUNTIME_LOCAL_SYMBOLS_H
#define FIBERSAN_RUNTIME_LOCAL_SYMBOLS_H

#include <cstdint>

namespace fiber::internal {

// The mangled name of the function of the main executable that holds the address, or
// null. `offset` is relative to the executable's load address.
const char* find_local_symbol(uint64_t offset);

}  // namespace fiber::internal

#endif  // FIBERSAN_RUNTIME_LOCAL_SYMBOLS_H
