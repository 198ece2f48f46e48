// context.h: cancellation, deadlines and values that are handed down a tree of calls.
//
// Semantics: Go's package context. A Context is passed by value, usually as the first
//            argument; cancelling one cancels all that were derived from it, never the ones
//            it comes from. The channel of done() is closed then, and error() says why.
// Threads:   any, on copies of one handle too. Deadlines are set by fibers; outside of them
//            that throws Error. The rest works outside of run() as well.
// Order:     a cancel() that cancels happens before what observes it: a receive from done(),
//            error() and cause() when they tell of it, the call of an after_func(). What a
//            deadline cancels is ordered after nothing.
// Cost:      an allocation for each derivation; done() makes its channel when first asked.
//
// Invariants
//   I1  A derived Context keeps its parents, not the other way round: one that was cancelled
//       or dropped is no longer in its parent. Dropping the last handle of a Context frees
//       it, its value and its timer at once; calling its Cancel is good style, no duty.
//   I2  As soon as cancel() has returned, every Context derived has its error().
#ifndef FIBER_CONTEXT_H
#define FIBER_CONTEXT_H

#include <fiber/channel.h>
#include <fiber/deadline.h>
#include <fiber/error.h>
#include <fiber/time.h>
#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

namespace fiber {

enum class ContextError : std::uint8_t { kNone, kCancelled, kDeadlineExceeded };

// What cause() holds when cancel() was given no cause of its own.
class Cancelled : public Error {
 public:
  using Error::Error;
  ~Cancelled() override;
};
// The same for a deadline.
class DeadlineExceeded : public Error {
 public:
  using Error::Error;
  ~DeadlineExceeded() override;
};

// Never received: the channel of done() is only closed.
struct Done {};

// Under which with_value() stores a T. The object is the key, not its name: define one for
// each meaning, once, where all its users see it:
//
//   inline const fiber::ContextKey<User> kUser{"user"};
//
// So a key cannot be guessed by another library, and a look-up cannot get a wrong type.
template <class T>
class ContextKey {
 public:
  constexpr explicit ContextKey(const char* name) noexcept : name_(name) {}
  ContextKey(const ContextKey&) = delete;
  ContextKey& operator=(const ContextKey&) = delete;
  constexpr const char* name() const noexcept { return name_; }

 private:
  const char* name_;
};

namespace internal {

class ContextNode;
class Registration;

void retain(ContextNode* node) noexcept;
void release(ContextNode* node) noexcept;
void retain(Registration* registration) noexcept;
void release(Registration* registration) noexcept;

// Each returns a node with one reference; `parent` may be null, which is the background.
ContextNode* derive_cancel(ContextNode* parent);
ContextNode* derive_deadline(ContextNode* parent, Deadline deadline, std::exception_ptr cause);
ContextNode* derive_value(ContextNode* parent, const void* key, void* value,
                          void (*destroy)(void* value));
ContextNode* derive_detached(ContextNode* parent);
void cancel(ContextNode* node, std::exception_ptr cause) noexcept;

ChannelCore* done_channel(ContextNode* node);  // with a reference; null: nil
ContextError error(const ContextNode* node) noexcept;
std::exception_ptr cause(const ContextNode* node);
Deadline deadline(const ContextNode* node) noexcept;  // kNoDeadline: none
const void* value(const ContextNode* node, const void* key) noexcept;

Registration* call_when_done(ContextNode* node, const CallbackType& type, void* source);
bool stop_call(Registration* registration) noexcept;

// A counted pointer to what the library keeps.
template <class Object>
class Counted {
 public:
  Counted() noexcept = default;
  explicit Counted(Object* object) noexcept : object_(object) {}  // takes a reference over
  Counted(const Counted& other) noexcept : object_(other.object_) { retain(object_); }
  Counted(Counted&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  Counted& operator=(Counted other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  ~Counted() { release(object_); }
  Object* get() const noexcept { return object_; }

 private:
  Object* object_ = nullptr;
};

struct ContextAccess;

}  // namespace internal

class Context {
 public:
  // The background: never cancelled, no deadline, no values; its done() is nil.
  Context() noexcept = default;
  static Context background() noexcept { return {}; }

  // Closed when this is cancelled; nil when it cannot be. The same channel each time.
  ReceiveChannel<Done> done() const {
    return internal::ChannelAccess::adopt<ReceiveChannel<Done>>(
        internal::done_channel(node_.get()));
  }
  ContextError error() const noexcept { return internal::error(node_.get()); }
  // What cancel() was given, else a Cancelled or DeadlineExceeded; null while error() is kNone.
  std::exception_ptr cause() const { return internal::cause(node_.get()); }
  // Throws cause() if there is one.
  void throw_if_done() const {
    if (const std::exception_ptr thrown = cause()) std::rethrow_exception(thrown);
  }

  // The earliest of its own and its parents'.
  std::optional<TimePoint> deadline() const noexcept {
    const TimePoint time = internal::deadline(node_.get());
    return time == internal::kNoDeadline ? std::nullopt : std::optional<TimePoint>(time);
  }

  // The innermost value of this key; null when there is none. Lives as long as this Context
  // or one derived from it. Many fibers may look at it, so it cannot be changed.
  template <class T>
  const T* value(const ContextKey<T>& key) const noexcept {
    return static_cast<const T*>(internal::value(node_.get(), std::addressof(key)));
  }

  friend bool operator==(const Context& a, const Context& b) noexcept {
    return a.node_.get() == b.node_.get();
  }
  friend bool operator!=(const Context& a, const Context& b) noexcept { return !(a == b); }

 private:
  friend struct internal::ContextAccess;
  explicit Context(internal::Counted<internal::ContextNode> node) noexcept
      : node_(std::move(node)) {}

  internal::Counted<internal::ContextNode> node_;
};

// Cancels its Context, once: later calls do nothing. Copies do the same thing.
class Cancel {
 public:
  Cancel() noexcept = default;  // cancels nothing
  void operator()() const noexcept { internal::cancel(node_.get(), nullptr); }
  // `cause` is what cause() returns, here and in all Contexts derived: Go's WithCancelCause.
  void operator()(std::exception_ptr cause) const noexcept {
    internal::cancel(node_.get(), std::move(cause));
  }

 private:
  friend struct internal::ContextAccess;
  explicit Cancel(internal::Counted<internal::ContextNode> node) noexcept
      : node_(std::move(node)) {}

  internal::Counted<internal::ContextNode> node_;
};

struct [[nodiscard]] CancelableContext {
  Context context;
  Cancel cancel;
};

namespace internal {

// internal::Context is another thing: saved registers.
struct ContextAccess {
  static ContextNode* node(const fiber::Context& context) noexcept { return context.node_.get(); }
  static fiber::Context adopt(ContextNode* node) noexcept {
    return fiber::Context(Counted<ContextNode>(node));
  }
  static CancelableContext with_cancel(ContextNode* node) noexcept {
    fiber::Context context = adopt(node);
    Cancel cancel(context.node_);
    return {std::move(context), std::move(cancel)};
  }
};

}  // namespace internal

// auto [context, cancel] = fiber::with_cancel(parent);
inline CancelableContext with_cancel(const Context& parent) {
  using internal::ContextAccess;
  return ContextAccess::with_cancel(internal::derive_cancel(ContextAccess::node(parent)));
}

// Cancelled at that time, or when the parent is. `cause` stands for DeadlineExceeded.
inline CancelableContext with_deadline(const Context& parent, TimePoint deadline,
                                       std::exception_ptr cause = nullptr) {
  using internal::ContextAccess;
  return ContextAccess::with_cancel(
      internal::derive_deadline(ContextAccess::node(parent), deadline, std::move(cause)));
}
template <class Clock, class Duration>
CancelableContext with_deadline(const Context& parent,
                                const std::chrono::time_point<Clock, Duration>& deadline,
                                std::exception_ptr cause = nullptr) {
  return with_deadline(parent, internal::deadline_at(deadline), std::move(cause));
}
template <class Rep, class Period>
CancelableContext with_timeout(const Context& parent,
                               const std::chrono::duration<Rep, Period>& duration,
                               std::exception_ptr cause = nullptr) {
  return with_deadline(parent, internal::deadline_after(duration), std::move(cause));
}

// Copies or moves the value.
template <class T, class V>
[[nodiscard]] Context with_value(const Context& parent, const ContextKey<T>& key, V&& value) {
  static_assert(std::is_constructible_v<T, V&&>, "the key is of another type than the value");
  auto kept = std::make_unique<T>(std::forward<V>(value));
  internal::ContextNode* node =
      internal::derive_value(internal::ContextAccess::node(parent), std::addressof(key), kept.get(),
                             [](void* object) { delete static_cast<T*>(object); });
  static_cast<void>(kept.release());
  return internal::ContextAccess::adopt(node);
}

// The parent's values, without its cancellation and deadline.
[[nodiscard]] inline Context without_cancel(const Context& parent) {
  using internal::ContextAccess;
  return ContextAccess::adopt(internal::derive_detached(ContextAccess::node(parent)));
}

// Takes the call of an after_func() back. Copies do the same thing; dropping them does not.
class StopCall {
 public:
  StopCall() noexcept = default;
  // True when it prevented the call. Does not wait for one that runs.
  bool operator()() const noexcept { return internal::stop_call(registration_.get()); }

 private:
  template <class F>
  friend StopCall after_func(const Context& context, F&& function);
  explicit StopCall(internal::Registration* registration) noexcept : registration_(registration) {}

  internal::Counted<internal::Registration> registration_;
};

// Calls function() once, in a fiber of its own, when the context is cancelled; at once when it
// is already. It may block. In fibers only: elsewhere it throws Error.
template <class F>
StopCall after_func(const Context& context, F&& function) {
  using Call = std::decay_t<F>;
  static_assert(std::is_invocable_v<Call&>, "after_func calls its function without arguments");
  return StopCall(internal::call_when_done(internal::ContextAccess::node(context),
                                           internal::kCallback<Call, F&&>,
                                           internal::source_of(function)));
}

}  // namespace fiber

#endif  // FIBER_CONTEXT_H
