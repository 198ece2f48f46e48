// select.h: waits for whichever of several channel operations comes first.
//
// Semantics: Go's select. Among the operations that are ready one is chosen at random,
//            each with the same probability; with none ready, otherwise() is taken at once,
//            or the first that becomes ready, or the time-out that ends first. Nil channels
//            are never ready; without any case it blocks for ever. A send to a closed channel
//            throws ClosedChannel when it is chosen.
// Output:    the position of the case taken among all arguments, counted from 0.
// Order:     that of the operation taken (channel.h); the others order nothing.
// Threads:   any.
//
// A handler runs after the operation is complete and with no lock held: it may block,
// throw, end the fiber, change its channel, select again. A case holds its channel, so the
// handle it was made from may change or go meanwhile.
#ifndef FIBER_SELECT_H
#define FIBER_SELECT_H

#include <fiber/channel.h>
#include <array>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

namespace fiber {

namespace internal {

inline constexpr std::size_t kNoCase = SIZE_MAX;

struct SelectOperation {
  ChannelCore* core;  // null: never ready
  void* element;      // what is sent, or where the received value goes
  bool is_send;
  std::size_t index;  // among all cases
};

struct SelectRequest {
  SelectOperation* operations;
  std::size_t count = 0;
  Deadline deadline = kNoDeadline;
  std::size_t timeout = kNoCase;    // index of the case that the deadline belongs to
  std::size_t otherwise = kNoCase;  // index
};

struct SelectResult {
  std::size_t index;
  bool open;  // a receive has got a value
};

// Throws ClosedChannel.
SelectResult select(const SelectRequest& request);

struct Nothing {
  void operator()() const {}
};

template <class T, class F>
class ReceiveCase {
 public:
  ReceiveCase(ReceiveChannel<T> channel, F handler)
      : channel_(std::move(channel)), handler_(std::move(handler)) {}
  ReceiveCase(ReceiveCase&& other)
      : channel_(std::move(other.channel_)), handler_(std::move(other.handler_)) {}

  void prepare(SelectRequest& request, std::size_t index, bool) {
    request.operations[request.count++] = {ChannelAccess::core(channel_), landing_.address(), false,
                                           index};
  }
  void complete(bool open) {
    if constexpr (std::is_invocable_v<F&, std::optional<T>>) {
      handler_(open ? landing_.take() : std::optional<T>());
    } else {
      if (open) landing_.take();
      handler_();
    }
  }

 private:
  ReceiveChannel<T> channel_;
  F handler_;
  Landing<T> landing_;
};

// V: T, or a function that makes one each time the select begins.
template <class T, class V, class F>
class SendCase {
 public:
  SendCase(SendChannel<T> channel, V value, F handler)
      : channel_(std::move(channel)), value_(std::move(value)), handler_(std::move(handler)) {}

  // `again`: there may be another round, so a value that can be copied is.
  void prepare(SelectRequest& request, std::size_t index, bool again) {
    if constexpr (!std::is_same_v<V, T>) {
      parcel_.emplace(T(value_()));
    } else {
      if constexpr (std::is_copy_constructible_v<T>)
        if (again) parcel_.emplace(T(static_cast<const T&>(value_)));
      if (!parcel_.has_value()) {
        if (sent_) throw Error("the value of this case is gone: give on_send a function");
        parcel_.emplace(std::move(value_));
      }
    }
    request.operations[request.count++] = {ChannelAccess::core(channel_), parcel_->address(), true,
                                           index};
  }
  void complete(bool) {
    parcel_->sent();
    parcel_.reset();
    sent_ = true;
    handler_();
  }

 private:
  SendChannel<T> channel_;
  V value_;
  F handler_;
  std::optional<Parcel<T>> parcel_;
  bool sent_ = false;
};

template <class Duration, class F>
class TimeoutCase {
 public:
  TimeoutCase(Duration duration, F handler) : duration_(duration), handler_(std::move(handler)) {}
  void prepare(SelectRequest& request, std::size_t index, bool) {
    const Deadline deadline = deadline_after(duration_);
    if (request.timeout != kNoCase && request.deadline <= deadline) return;
    request.deadline = deadline;
    request.timeout = index;
  }
  void complete(bool) { handler_(); }

 private:
  Duration duration_;
  F handler_;
};

template <class F>
class OtherwiseCase {
 public:
  explicit OtherwiseCase(F handler) : handler_(std::move(handler)) {}
  void prepare(SelectRequest& request, std::size_t index, bool) {
    if (request.otherwise == kNoCase) request.otherwise = index;
  }
  void complete(bool) { handler_(); }

 private:
  F handler_;
};

}  // namespace internal

// Handler: takes std::optional<T> (nullopt: closed and drained), or nothing.
template <class C, class F = internal::Nothing>
auto on_receive(C&& channel, F handler = F()) {
  using T = typename std::decay_t<C>::value_type;
  return internal::ReceiveCase<T, F>(std::forward<C>(channel), std::move(handler));
}

// The case owns its value, which is lost if it was moved in and the case is not taken. In
// place of a value, a function that makes one when the select begins.
template <class C, class V, class F = internal::Nothing>
auto on_send(C&& channel, V&& value, F handler = F()) {
  using T = typename std::decay_t<C>::value_type;
  if constexpr (std::is_convertible_v<V&&, T>) {
    return internal::SendCase<T, T, F>(std::forward<C>(channel), T(std::forward<V>(value)),
                                       std::move(handler));
  } else {
    return internal::SendCase<T, std::decay_t<V>, F>(std::forward<C>(channel),
                                                     std::forward<V>(value), std::move(handler));
  }
}

// Counted from the beginning of the select. Zero or less: when nothing is ready.
template <class Rep, class Period, class F = internal::Nothing>
auto on_timeout(std::chrono::duration<Rep, Period> duration, F handler = F()) {
  return internal::TimeoutCase<std::chrono::duration<Rep, Period>, F>(duration, std::move(handler));
}

template <class F = internal::Nothing>
auto otherwise(F handler = F()) {
  return internal::OtherwiseCase<F>(std::move(handler));
}

template <class... Cases>
std::size_t select(Cases&&... cases) {
  std::array<internal::SelectOperation, sizeof...(Cases) + 1> operations;
  internal::SelectRequest request{operations.data()};
  std::size_t index = 0;
  (cases.prepare(request, index++, std::is_lvalue_reference_v<Cases>), ...);
  const internal::SelectResult taken = internal::select(request);
  index = 0;
  ((index++ == taken.index ? cases.complete(taken.open) : void()), ...);
  return taken.index;
}

// A select whose cases are known at run time only. It evaluates its cases in the order
// they were added, and may be used again: values that can be copied are sent as copies.
class Select {
 public:
  Select() = default;

  // A case from on_receive, on_send, on_timeout or otherwise. Its position is the number
  // of cases added before.
  template <class Case>
  Select& add(Case new_case) {
    cases_.push_back(std::make_unique<Kept<Case>>(std::move(new_case)));
    return *this;
  }
  std::size_t size() const noexcept { return cases_.size(); }
  void clear() noexcept { cases_.clear(); }

  // As select() with these cases.
  std::size_t wait() {
    std::vector<internal::SelectOperation> operations(cases_.size());
    internal::SelectRequest request{operations.data()};
    for (std::size_t i = 0; i < cases_.size(); ++i) cases_[i]->prepare(request, i);
    const internal::SelectResult taken = internal::select(request);
    cases_[taken.index]->complete(taken.open);
    return taken.index;
  }

 private:
  struct AnyCase {
    virtual ~AnyCase() = default;
    virtual void prepare(internal::SelectRequest& request, std::size_t index) = 0;
    virtual void complete(bool open) = 0;
  };
  template <class Case>
  struct Kept final : AnyCase {
    explicit Kept(Case&& moved) : kept(std::move(moved)) {}
    void prepare(internal::SelectRequest& request, std::size_t index) override {
      kept.prepare(request, index, true);
    }
    void complete(bool open) override { kept.complete(open); }
    Case kept;
  };
  std::vector<std::unique_ptr<AnyCase>> cases_;
};

}  // namespace fiber

#endif  // FIBER_SELECT_H
