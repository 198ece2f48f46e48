// atomicity.h: libstdc++'s own, in instrumented code, with one order changed.
//
// A reference is added with acquire and release, which C++ does not ask for: whoever copies a
// shared_ptr publishes nothing. Each release begins an epoch, after which every access has to
// be looked at anew, and an order that nobody may rely on hides races. References are dropped
// as before, which is what orders the destructor.
#pragma GCC system_header
#define __atomic_add_dispatch __fibersan_replaced_atomic_add_dispatch
#include_next <ext/atomicity.h>
#undef __atomic_add_dispatch
#ifndef FIBERSAN_ATOMICITY_H
#define FIBERSAN_ATOMICITY_H

namespace __gnu_cxx {

__attribute__((__always_inline__)) inline void __atomic_add_dispatch(_Atomic_word* __mem,
                                                                     int __val) {
  if (__is_single_threaded())
    __atomic_add_single(__mem, __val);
  else
    __atomic_fetch_add(__mem, __val, __ATOMIC_RELAXED);
}

}  // namespace __gnu_cxx

#endif
