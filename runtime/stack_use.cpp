// How much of its stack a fiber has used; the library's side of go.h.
#include "fiber/go.h"
#include "runtime/fiber.h"
#include "runtime/park.h"
#include "runtime/stack_memory.h"

namespace fiber::this_fiber {

size_t stack_size() {
  const internal::Fiber* fiber = internal::current_fiber();
  return fiber == nullptr ? 0 : fiber->stack->size();
}

size_t stack_high_water() {
  const internal::Fiber* fiber = internal::current_fiber();
  if (fiber == nullptr) return 0;
  return internal::resident_below(fiber->stack->low, fiber->stack->high());
}

}  // namespace fiber::this_fiber
