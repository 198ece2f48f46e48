// invented_loads.cpp: sets an option of LLVM as `-mllvm -enable-load-in-loop-pre=false` would.
#include "instrument/invented_loads.h"

#include "llvm/Support/CommandLine.h"
#include "llvm/Support/ErrorHandling.h"

namespace fibersan::instrument {

void forbid_invented_loads() {
  llvm::StringMap<llvm::cl::Option*>& options = llvm::cl::getRegisteredOptions();
  auto found = options.find("enable-load-in-loop-pre");
  if (found == options.end())
    llvm::report_fatal_error(
        "fibersan: this LLVM has no option enable-load-in-loop-pre; its GVN would invent loads",
        /*gen_crash_diag=*/false);
  static_cast<llvm::cl::opt<bool>*>(found->second)->setValue(false);
}

}  // namespace fibersan::instrument
