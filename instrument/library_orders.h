// library_orders.h: memory orders that a library gets wrong, made what it relies on.
//
// Input:    a module as the front end made it, before anything is inlined.
// Output:   libstdc++'s atomic<shared_ptr>: load() reads a plain pointer under its lock bit and
//           lets go of the bit with a relaxed operation, so that the next store() is not ordered
//           behind the read (GCC bug 101761; right on every machine, a race by the standard). The
//           operation becomes acq_rel, which is the same instruction.
#ifndef FIBERSAN_INSTRUMENT_LIBRARY_ORDERS_H
#define FIBERSAN_INSTRUMENT_LIBRARY_ORDERS_H

namespace llvm {
class Module;
}  // namespace llvm

namespace fibersan::instrument {

void repair_library_orders(llvm::Module& module);

}  // namespace fibersan::instrument

#endif  // FIBERSAN_INSTRUMENT_LIBRARY_ORDERS_H
