// function_name.h: a function's name without what changes when other code does.
//
// Input:    as demangled by LLVM or GNU.
// Output:   without template arguments, numbers of lambdas, ABI tags, inline namespaces of the
//           standard library, and what optimizers append to parts and copies of functions.
// Threads:  any; a pure function.
#ifndef FIBERSAN_DETECTOR_REPORT_FUNCTION_NAME_H
#define FIBERSAN_DETECTOR_REPORT_FUNCTION_NAME_H

#include <string>
#include <string_view>

namespace fibersan {

std::string lasting_name(std::string_view function);

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_REPORT_FUNCTION_NAME_H
