#include "runtime/fatal.h"

#include <cxxabi.h>
#include <unwind.h>

#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "runtime/fiber.h"
#include "runtime/observe/trace_file.h"
#include "runtime/park.h"
#include "runtime/stack_walk.h"

namespace fiber::internal {
namespace {

std::terminate_handler previous_handler = nullptr;

struct Frames {
  void* addresses[64];
  size_t count = 0;
};

// By the unwinder's tables: the C++ library between the throw and us may be built
// without frame pointers.
_Unwind_Reason_Code add_frame(_Unwind_Context* context, void* argument) {
  auto* frames = static_cast<Frames*>(argument);
  if (frames->count == std::size(frames->addresses)) return _URC_END_OF_STACK;
  void* address = reinterpret_cast<void*>(_Unwind_GetIP(context));
  if (address != nullptr) frames->addresses[frames->count++] = address;
  return _URC_NO_REASON;
}

// Without our handler and the library's throw machinery, when that is what called us.
size_t frames_of_throwing(const Frames& frames) {
  for (size_t i = 0; i < frames.count; ++i) {
    const std::string function = describe_address(frames.addresses[i]).function;
    if (function == "__cxa_throw" || function == "__cxa_rethrow") return i + 1;
  }
  return 0;
}

std::string describe(const std::exception_ptr& exception) {
  try {
    std::rethrow_exception(exception);
  } catch (const std::exception& e) {
    return e.what();
  } catch (...) {
    int status = 0;
    const std::type_info* type = abi::__cxa_current_exception_type();
    char* name =
        type == nullptr ? nullptr : abi::__cxa_demangle(type->name(), nullptr, nullptr, &status);
    std::string text = std::string("of type ") + (name == nullptr ? "unknown" : name);
    std::free(name);
    return text;
  }
}

[[noreturn]] void terminate_in_fiber() {
  Fiber* fiber = current_fiber();
  const std::exception_ptr exception = std::current_exception();
  if (fiber == nullptr) {
    if (previous_handler != nullptr) previous_handler();
    std::abort();
  }
  end_trace();
  Frames frames;
  _Unwind_Backtrace(add_frame, &frames);
  const std::string what = exception ? describe(exception) : "std::terminate was called";
  std::fflush(stdout);
  std::fprintf(stderr, "fatal error: %sfiber %" PRIu64, exception ? "exception in " : "in ",
               fiber->id);
  if (fiber->name != nullptr) std::fprintf(stderr, " '%s'", fiber->name);
  std::fprintf(stderr, ": %s\n", what.c_str());
  const size_t first = frames_of_throwing(frames);
  print_stack(stderr, frames.addresses + first, frames.count - first);
  std::abort();
}

}  // namespace

void install_terminate_handler() {
  static const bool installed = [] {
    previous_handler = std::set_terminate(terminate_in_fiber);
    return true;
  }();
  static_cast<void>(installed);
}

void fatal_unjoined_exception(uint64_t fiber_id, const std::exception_ptr& exception) {
  std::fflush(stdout);
  std::fprintf(stderr,
               "fatal error: exception in fiber %" PRIu64
               ", whose Handle was dropped without join(): %s\n",
               fiber_id, describe(exception).c_str());
  std::abort();
}

}  // namespace fiber::internal
