// real.h: the C library's function behind one of ours that has its name.
//
// Output:   the next definition in the order of modules, looked up at the first call.
// Cost:     a call through a pointer.
// Threads:  any.
#ifndef FIBER_RUNTIME_THREAD_LOCKS_REAL_H
#define FIBER_RUNTIME_THREAD_LOCKS_REAL_H

#include <atomic>

namespace fiber::internal {

// Ends the process with a message when there is none.
void* next_function(const char* name);

template <typename Function>
class Real {
 public:
  constexpr explicit Real(const char* name) : name_(name) {}

  template <typename... Arguments>
  auto operator()(Arguments... arguments) const {
    // relaxed: whoever looks it up finds the same.
    Function function = function_.load(std::memory_order_relaxed);
    if (function == nullptr) [[unlikely]] {
      function = reinterpret_cast<Function>(next_function(name_));
      function_.store(function, std::memory_order_relaxed);
    }
    return function(arguments...);
  }

 private:
  const char* name_;
  mutable std::atomic<Function> function_{nullptr};
};

#define FIBER_REAL(name) \
  constinit const ::fiber::internal::Real<decltype(&::name)> real_##name { #name }

}  // namespace fiber::internal

#endif  // FIBER_RUNTIME_THREAD_LOCKS_REAL_H
