// invented_loads.h: keeps LLVM from reading where the program does not, where an attribute cannot.
//
// `sanitize_thread` (mark_pass.h) forbids most speculated loads. Some passes of LLVM 19 read
// nevertheless, because the memory is there: harmless to a processor, but a race that the program
// does not have. Each row is a test in tests/instrument/invented_loads.ll.
//
//   GVN                what a loop's rounds begin by loading it loads at the end of the round
//                      before, behind a release, and after the last round too
//   LICM               a variable that a loop reads and writes on some ways only is read before it
//   InstCombine, SROA  of `*(c ? &a : &b)` both are read
//   InstCombine        a load under a mask becomes one of all elements
//   InstCombine        strcmp(text, "constant") == 0 becomes a comparison of all bytes
//   ArgumentPromotion  what a function reads through an argument is read by its callers
//
// GVN has an option for it, for all loops. The others are shown, for the time of the pass, code
// that they leave as it is: a volatile load, a call of an unknown function, a call that is not that
// of the C library. Only what they could invent from is changed, and changed back behind the pass.
//
// Input:    the options of the LLVM that has loaded the pass, and its pass builder.
// Cost:     compile time: a look at each load before those passes; run time: see the README.
// Threads:  what is hidden belongs to one pass builder, as one compilation does.
#ifndef FIBERSAN_INSTRUMENT_INVENTED_LOADS_H
#define FIBERSAN_INSTRUMENT_INVENTED_LOADS_H

namespace llvm {
class PassBuilder;
}  // namespace llvm

namespace fibersan::instrument {

// Called while the plugin registers itself.
void forbid_invented_loads(llvm::PassBuilder& builder);

}  // namespace fibersan::instrument

#endif  // FIBERSAN_INSTRUMENT_INVENTED_LOADS_H
