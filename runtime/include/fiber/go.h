// go.h: starting fibers, joining them, and what a fiber can do to itself.
//
// Semantics: Go's goroutines and runtime.Goexit; std::thread's rules for callables and
// arguments: both are copied or moved into the fiber, references go through std::ref.
#ifndef FIBER_GO_H
#define FIBER_GO_H

#include <cxxabi.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace fiber {

class WaitGroup;

struct FiberOptions {
  std::string name = {};  // appears in reports and dumps
  size_t stack_size = 0;  // bytes; 0: the run's (FIBER_OPTIONS=stack_size)
};

namespace internal {

struct JoinState;  // what a Handle and its fiber share

// A callable as the library sees it: how to move it to its place on the fiber's stack
// and how to run it there. run() also destroys it, however the call ends. `join` is null for a
// fiber that nobody joins.
struct Closure {
  size_t size;
  size_t alignment;
  void (*construct)(void* place, void* source);
  void (*run)(void* place, JoinState* join);
};

// Both throw Error outside of run(), and std::system_error when no stack can be had. The fiber
// ends with group->done() when there is a group.
void start_fiber(const FiberOptions* options, const Closure& closure, void* source,
                 WaitGroup* group);
void start_joinable(const FiberOptions* options, const Closure& closure, void* source,
                    JoinState* state);

// Belongs to the Handle and the fiber: the last of drop_handle() and the fiber's end frees it.
// `destroy` null: there is nothing to do.
JoinState* make_join_state(size_t size, size_t alignment, void (*destroy)(void* result));
void* result_place(JoinState* state) noexcept;
void result_constructed(JoinState* state) noexcept;
void keep_exception(JoinState* state) noexcept;  // the one being handled
// Waits for the fiber. Rethrows what it threw; throws Error when it ended without a
// result (exit_fiber) though `needs_result`.
void join_fiber(JoinState* state, bool needs_result);
void drop_handle(JoinState* state) noexcept;
uint64_t joined_fiber_id(const JoinState* state) noexcept;

// F and its arguments, as the fiber keeps them.
template <typename F, typename... Args>
struct Stored {
  template <typename... Sources>
  explicit Stored(std::tuple<Sources...>&& sources) : parts(std::move(sources)) {}
  decltype(auto) operator()() {
    return std::apply(
        [](auto&... part) -> decltype(auto) { return std::invoke(std::move(part)...); }, parts);
  }
  std::tuple<F, Args...> parts;
};

// Without arguments: one frame less in every stack.
template <typename F>
struct Stored<F> {
  template <typename Source>
  explicit Stored(std::tuple<Source>&& source)
      : function(std::forward<Source>(std::get<0>(source))) {}
  decltype(auto) operator()() { return std::invoke(std::move(function)); }
  F function;
};

template <typename F, typename... Args>
using StoredCall = Stored<std::decay_t<F>, std::decay_t<Args>...>;

template <typename F, typename... Args>
using CallResult = std::invoke_result_t<std::decay_t<F>, std::decay_t<Args>...>;

// What a call is made from.
template <typename F, typename... Args>
struct PartsSource {
  using Parts = std::tuple<F&&, Args&&...>;
  explicit PartsSource(F&& function, Args&&... args)
      : parts(std::forward<F>(function), std::forward<Args>(args)...) {}
  void* address() { return &parts; }
  static Parts&& parts_at(void* source) { return std::move(*static_cast<Parts*>(source)); }
  Parts parts;
};
// One object, by its address: a tuple of references would be written to memory for the library,
// in every spawn, and checked.
template <typename F>
struct ObjectSource {
  using Object = std::remove_reference_t<F>;
  explicit ObjectSource(F&& function) : object(std::addressof(function)) {}
  void* address() { return const_cast<std::remove_cv_t<Object>*>(object); }
  static std::tuple<F&&> parts_at(void* source) {
    return std::tuple<F&&>(static_cast<F&&>(*static_cast<Object*>(source)));
  }
  Object* object;
};
template <typename F, typename... Args>
using CallSource =
    std::conditional_t<sizeof...(Args) == 0 && std::is_object_v<std::remove_reference_t<F>>,
                       ObjectSource<F>, PartsSource<F, Args...>>;

template <typename Call, typename Source>
void construct_call(void* place, void* source) {
  ::new (place) Call(Source::parts_at(source));
}

template <typename Call>
void run_call(void* place, JoinState* join) {
  struct Destroy {
    Call* call;
    ~Destroy() { call->~Call(); }
  } destroy{static_cast<Call*>(place)};
  if constexpr (std::is_invocable_v<Call&, JoinState*>) {
    (*destroy.call)(join);
  } else {
    static_cast<void>((*destroy.call)());
  }
}

template <typename Call, typename Source>
inline constexpr Closure kClosure = {sizeof(Call), alignof(Call), construct_call<Call, Source>,
                                     run_call<Call>};

template <typename Kept>
void destroy_result(void* place) {
  static_cast<Kept*>(place)->~Kept();
}

// How a result of type R is kept: a reference as a pointer, void not at all.
template <typename R>
struct Result {
  using Kept = R;
  static JoinState* make_state() {
    return make_join_state(sizeof(Kept), alignof(Kept),
                           std::is_trivially_destructible_v<Kept> ? nullptr : destroy_result<Kept>);
  }
  template <typename Call>
  static void compute(void* place, Call& call) {
    ::new (place) Kept(call());
  }
  static R take(void* place) { return std::move(*static_cast<Kept*>(place)); }
};
template <typename R>
struct Result<R&> {
  using Kept = R*;
  static JoinState* make_state() { return make_join_state(sizeof(Kept), alignof(Kept), nullptr); }
  template <typename Call>
  static void compute(void* place, Call& call) {
    ::new (place) Kept(std::addressof(call()));
  }
  static R& take(void* place) { return **static_cast<Kept*>(place); }
};
template <>
struct Result<void> {
  static JoinState* make_state() { return make_join_state(0, 1, nullptr); }
  template <typename Call>
  static void compute(void*, Call& call) {
    static_cast<void>(call());
  }
  static void take(void*) {}
};

// A call whose result, or exception, its Handle fetches.
template <typename Call, typename R>
struct JoinableCall {
  template <typename Parts>
  explicit JoinableCall(Parts&& parts) : call(std::forward<Parts>(parts)) {}
  void operator()(JoinState* state) {
    try {
      Result<R>::compute(result_place(state), call);
      result_constructed(state);
    } catch (abi::__forced_unwind&) {
      throw;  // exit_fiber: no result
    } catch (...) {
      keep_exception(state);
    }
  }
  Call call;
};

template <typename F, typename... Args>
auto spawn(const FiberOptions* options, F&& function, Args&&... args);

}  // namespace internal

// The right to join one fiber, once. Dropping it detaches the fiber.
template <typename R>
class [[nodiscard]] Handle {
 public:
  Handle() = default;
  Handle(Handle&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}
  Handle& operator=(Handle&& other) noexcept {
    if (this != &other) {
      detach();
      state_ = std::exchange(other.state_, nullptr);
    }
    return *this;
  }
  ~Handle() { detach(); }

  // Waits until the fiber has ended, then returns its result or rethrows its exception.
  // What the fiber did happens before join() returns. Throws Error when the handle is
  // not joinable, and when the fiber left by exit_fiber() and owes a result.
  R join() {
    struct Drop {
      internal::JoinState* state;
      ~Drop() {
        if (state != nullptr) internal::drop_handle(state);
      }
    } drop{std::exchange(state_, nullptr)};
    internal::join_fiber(drop.state, !std::is_void_v<R>);
    return internal::Result<R>::take(internal::result_place(drop.state));
  }

  // The fiber goes on alone. If it has thrown, or throws later, the program ends.
  void detach() noexcept {
    if (state_ != nullptr) internal::drop_handle(std::exchange(state_, nullptr));
  }

  bool joinable() const noexcept { return state_ != nullptr; }
  // Of the fiber; 0 when not joinable.
  uint64_t id() const noexcept { return state_ == nullptr ? 0 : internal::joined_fiber_id(state_); }

 private:
  template <typename F, typename... Args>
  friend auto internal::spawn(const FiberOptions*, F&&, Args&&...);

  explicit Handle(internal::JoinState* state) : state_(state) {}

  internal::JoinState* state_ = nullptr;
};

namespace internal {

template <typename F, typename... Args>
void go(const FiberOptions* options, WaitGroup* group, F&& function, Args&&... args) {
  using Source = CallSource<F, Args...>;
  Source source(std::forward<F>(function), std::forward<Args>(args)...);
  start_fiber(options, kClosure<StoredCall<F, Args...>, Source>, source.address(), group);
}

template <typename F, typename... Args>
auto spawn(const FiberOptions* options, F&& function, Args&&... args) {
  using R = CallResult<F, Args...>;
  using Source = CallSource<F, Args...>;
  using Call = JoinableCall<StoredCall<F, Args...>, R>;
  Handle<R> handle(Result<R>::make_state());
  Source source(std::forward<F>(function), std::forward<Args>(args)...);
  start_joinable(options, kClosure<Call, Source>, source.address(), handle.state_);
  return handle;
}

template <typename F>
using NotOptions = std::enable_if_t<!std::is_same_v<std::decay_t<F>, FiberOptions>, int>;

}  // namespace internal

// Starts a fiber that nobody joins. What it returns is dropped; an exception that leaves
// it ends the program.
template <typename F, typename... Args, internal::NotOptions<F> = 0>
void go(F&& function, Args&&... args) {
  internal::go(nullptr, nullptr, std::forward<F>(function), std::forward<Args>(args)...);
}
template <typename F, typename... Args>
void go(const FiberOptions& options, F&& function, Args&&... args) {
  internal::go(&options, nullptr, std::forward<F>(function), std::forward<Args>(args)...);
}

// Starts a fiber whose result or exception is fetched by Handle::join(). Until then an
// exception is kept in silence, for as long as somebody has the Handle: a program that must not
// go on without the fiber joins it, or uses go().
template <typename F, typename... Args, internal::NotOptions<F> = 0>
Handle<internal::CallResult<F, Args...>> spawn(F&& function, Args&&... args) {
  return internal::spawn(nullptr, std::forward<F>(function), std::forward<Args>(args)...);
}
template <typename F, typename... Args>
Handle<internal::CallResult<F, Args...>> spawn(const FiberOptions& options, F&& function,
                                               Args&&... args) {
  return internal::spawn(&options, std::forward<F>(function), std::forward<Args>(args)...);
}

// Lets other fibers run first. Outside of fibers it yields the thread.
void yield();

// Ends the calling fiber: the destructors of its scopes run, functions given to catch (...)
// must rethrow. In the main fiber the others go on, as in Go. Throws Error outside of fibers.
[[noreturn]] void exit_fiber();

namespace this_fiber {

uint64_t id();       // no two of a process are equal; 1 is the first run's main fiber, 0 no fiber
std::string name();  // empty when it has none
void set_name(std::string_view name);  // throws Error outside of fibers

// In bytes; 0 outside of fibers. The mark is the lowest page in memory of the stack, asked of
// the system: never less than the fiber has used so far, and more when an earlier fiber went
// deeper on the same stack. For choosing FiberOptions::stack_size.
size_t stack_size();
size_t stack_high_water();

}  // namespace this_fiber

}  // namespace fiber

#endif  // FIBER_GO_H
