// real_function.h: the C library's functions behind ours of the same name.
//
// State:    one pointer for each function, looked up at the first call.
// Cost:     a call through a pointer.
// Threads:  any, and handlers of signals.
//
// Invariants
//   R1  A function that the C library does not have is never called: what uses it would not
//       have been linked.
#ifndef FIBERSAN_DETECTOR_HEAP_REAL_FUNCTION_H
#define FIBERSAN_DETECTOR_HEAP_REAL_FUNCTION_H

#include <atomic>

namespace fibersan {

// The next definition behind the executable's; `version` may be null, or of another machine.
// Ends the process with a message when there is none.
void* next_function(const char* name, const char* version);

template <typename Function>
class Real {
 public:
  constexpr explicit Real(const char* name, const char* version = nullptr)
      : name_(name), version_(version) {}

  template <typename... Arguments>
  auto operator()(Arguments... arguments) const {
    // relaxed: whoever looks it up finds the same.
    Function function = function_.load(std::memory_order_relaxed);
    if (__builtin_expect(function == nullptr, 0)) {
      function = reinterpret_cast<Function>(next_function(name_, version_));
      function_.store(function, std::memory_order_relaxed);
    }
    return function(arguments...);
  }

 private:
  const char* name_;
  const char* version_;
  mutable std::atomic<Function> function_{nullptr};
};

#define FIBERSAN_REAL(name) \
  constinit const ::fibersan::Real<decltype(&::name)> real_##name { #name }

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_HEAP_REAL_FUNCTION_H
