// exit_fiber(): a forced unwinding (Itanium C++ ABI, level 1.6) of the whole stack of the
// fiber. Destructors run; catch (...) must rethrow, as with pthread_exit; no handler can
// keep the fiber alive, which a private exception type could not promise.
#include <unwind.h>

#include <cstdio>
#include <cstdlib>

#include "fiber/error.h"
#include "runtime/fiber.h"
#include "runtime/park.h"
#include "runtime/switch.h"

namespace fiber {
namespace {

using internal::Fiber;

_Unwind_Reason_Code stop_at_end(int, _Unwind_Action actions, _Unwind_Exception_Class,
                                _Unwind_Exception* exception, _Unwind_Context*, void* argument) {
  if ((actions & _UA_END_OF_STACK) == 0) return _URC_NO_REASON;
  auto* fiber = static_cast<Fiber*>(argument);
  delete exception;
  internal::end_fiber(fiber);
}

void swallowed(_Unwind_Reason_Code, _Unwind_Exception*) {
  std::fprintf(stderr,
               "fatal error: a catch (...) in fiber %llu did not rethrow what exit_fiber() unwinds "
               "with; catch abi::__forced_unwind& before it and rethrow\n",
               static_cast<unsigned long long>(internal::fiber_id(internal::current_fiber())));
  std::abort();
}

}  // namespace

void exit_fiber() {
  Fiber* fiber = internal::current_fiber();
  if (fiber == nullptr) throw Error("fiber: exit_fiber() outside of fibers");
  fiber->exited = true;
  auto* exception = new _Unwind_Exception{};
  // "FIBREXIT"
  exception->exception_class = 0x4649425245584954;
  exception->exception_cleanup = swallowed;
  _Unwind_ForcedUnwind(exception, stop_at_end, fiber);
  std::abort();  // the unwinder could not walk the stack
}

}  // namespace fiber
