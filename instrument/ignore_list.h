// ignore_list.h: code that the user took out of the check from outside of its text.
//
// Input:    files in the format of clang's sanitizers, -fibersan-ignorelist=FILE, each line a
//           glob (https://clang.llvm.org/docs/SanitizerSpecialCaseList.html):
//             fun:      the function's name, mangled or demangled with its parameters
//             src:      the file that the function's text is in; without debug information
//                       the file that was compiled
//             mainfile: the file that was compiled
//           Sections other than [fibersan] are other sanitizers' business.
//           -fibersan-ignore-all is a list with everything in it.
//           Functions that FIBERSAN_IGNORE annotates.
// Output:   FIBERSAN_IGNORE's attribute on those functions (function_filter.h says what it
//           means). An unreadable or misspelt list is an error of the compilation.
#ifndef FIBERSAN_INSTRUMENT_IGNORE_LIST_H
#define FIBERSAN_INSTRUMENT_IGNORE_LIST_H

#include <string>

#include "instrument/function_filter.h"
#include "llvm/IR/Module.h"

namespace fibersan::instrument {

// Before the optimiser: copies of a function inherit the attribute, not the name.
void mark_ignored_functions(llvm::Module& module, const FunctionFilter& filter);

// What was given of both options, as it would be typed.
std::string ignore_options();

}  // namespace fibersan::instrument

#endif  // FIBERSAN_INSTRUMENT_IGNORE_LIST_H
