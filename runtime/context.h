// context.h: saves the registers of one stack and goes on with another one. The only
// file that knows Boost.Context.
//
// Cost:     one jump, 4 ns.
// Not here: exception globals and errno, which belong to a fiber too: see fiber.h.
//
// Invariants
//   I1  A Context is used once: resuming it makes it stale, the resumed side gets the
//       context of the one who resumed it.
//   I2  The outermost frame of a stack has a null frame pointer and a null return
//       address: frame walkers and the unwinder end there.
#ifndef FIBERSAN_RUNTIME_CONTEXT_H
#define FIBERSAN_RUNTIME_CONTEXT_H

#include <boost/context/detail/fcontext.hpp>
#include <cstddef>

#if __has_feature(address_sanitizer)
#include <sanitizer/common_interface_defs.h>
#endif
#if __has_feature(thread_sanitizer)
#include <sanitizer/tsan_interface.h>
#endif

namespace fiber::internal {

using Context = boost::context::detail::fcontext_t;

// What a new stack starts with; never returns.
using ContextEntry = void (*)(boost::context::detail::transfer_t);

inline Context make_context(void* stack_top, size_t size, ContextEntry entry) {
  return boost::context::detail::make_fcontext(stack_top, size, entry);
}

// First statement of a ContextEntry (I2).
#define FIBER_OUTERMOST_FRAME()                                     \
  do {                                                              \
    void** frame = static_cast<void**>(__builtin_frame_address(0)); \
    frame[0] = nullptr;                                             \
    frame[1] = nullptr;                                             \
  } while (0)

// What a build with AddressSanitizer or ThreadSanitizer must be told of a stack; empty
// otherwise. One for each fiber and one for each worker.
class SwitchNotes {
 public:
  // The stack that will be resumed.
  void set_stack([[maybe_unused]] const void* low, [[maybe_unused]] size_t size) {
#if __has_feature(address_sanitizer)
    low_ = low;
    size_ = size;
#endif
  }
  void create() {
#if __has_feature(thread_sanitizer)
    tsan_fiber_ = __tsan_create_fiber(0);
#endif
  }
  void adopt_thread() {
#if __has_feature(thread_sanitizer)
    tsan_fiber_ = __tsan_get_current_fiber();
#endif
  }
  void destroy() {
#if __has_feature(thread_sanitizer)
    __tsan_destroy_fiber(tsan_fiber_);
#endif
  }
  // Before the jump away from this stack; `last`: it is never resumed.
  void leaving([[maybe_unused]] const SwitchNotes& to, [[maybe_unused]] bool last) {
#if __has_feature(address_sanitizer)
    __sanitizer_start_switch_fiber(last ? nullptr : &fake_stack_, to.low_, to.size_);
#endif
#if __has_feature(thread_sanitizer)
    // As an order: fiber and worker share a thread. What crosses threads is still checked.
    __tsan_switch_to_fiber(to.tsan_fiber_, 0);
#endif
  }
  // After a jump has arrived on this stack; learns where it came from.
  void arrived([[maybe_unused]] SwitchNotes& from) {
#if __has_feature(address_sanitizer)
    __sanitizer_finish_switch_fiber(fake_stack_, &from.low_, &from.size_);
    fake_stack_ = nullptr;
#endif
  }

 private:
#if __has_feature(address_sanitizer)
  const void* low_ = nullptr;
  size_t size_ = 0;
  void* fake_stack_ = nullptr;
#endif
#if __has_feature(thread_sanitizer)
  void* tsan_fiber_ = nullptr;
#endif
};

struct Arrival {
  Context from;
  void* message;
};

[[gnu::always_inline]] inline Arrival switch_to(Context to, void* message) {
#if defined(__x86_64__) && !defined(FIBER_PLAIN_JUMP)
  // The jump is entered without a call instruction, for it ends in a jump and not in a return.
  // With one the processor's stack of return addresses would grow by one for each switch, and
  // every return behind the switch would be mispredicted.
  void* from = nullptr;
  void* data = nullptr;
  asm volatile(
      "leaq -128(%%rsp), %%rsp\n\t"  // the red zone
      "leaq 1f(%%rip), %%rax\n\t"
      "pushq %%rax\n\t"
      "jmp jump_fcontext\n"
      "1:\n\t"
      "leaq 128(%%rsp), %%rsp"
      : "=a"(from), "=d"(data), "+D"(to), "+S"(message)
      :
      : "rcx", "r8", "r9", "r10", "r11", "cc", "memory", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4",
        "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14",
        "xmm15");
  return {from, data};
#else
  boost::context::detail::transfer_t transfer = boost::context::detail::jump_fcontext(to, message);
  return {transfer.fctx, transfer.data};
#endif
}

}  // namespace fiber::internal

#endif  // FIBERSAN_RUNTIME_CONTEXT_H
