// invented_loads.h: keeps LLVM from reading where the program does not, where an attribute cannot.
//
// `sanitize_thread` (mark_pass.h) forbids most speculated loads. GVN does one nevertheless: what a
// loop's rounds begin by loading it loads at the end of the round before, behind a release, and
// after the last round too. Whom that release told that the loop is over owns the memory.
//
// Input:    the options of the LLVM that has loaded the pass.
// Threads:  called while the plugin registers itself.
#ifndef FIBERSAN_INSTRUMENT_INVENTED_LOADS_H
#define FIBERSAN_INSTRUMENT_INVENTED_LOADS_H

namespace fibersan::instrument {

// For the whole process: for every module that it compiles.
void forbid_invented_loads();

}  // namespace fibersan::instrument

#endif  // FIBERSAN_INSTRUMENT_INVENTED_LOADS_H
