// defer.h: runs a function when its scope is left, as Go's defer does for a function.
#ifndef FIBER_DEFER_H
#define FIBER_DEFER_H

#include <utility>

namespace fiber {

//   fiber::Defer close_file([&] { std::fclose(file); });
//
// Also runs when the scope is left by an exception or by exit_fiber(). An exception
// from the function itself ends the program.
template <typename F>
class [[nodiscard]] Defer {
 public:
  explicit Defer(F function) : function_(std::move(function)) {}
  ~Defer() { function_(); }
  Defer(const Defer&) = delete;
  Defer& operator=(const Defer&) = delete;

 private:
  F function_;
};

}  // namespace fiber

#endif  // FIBER_DEFER_H
