// channel.h: typed queues through which fibers hand values to each other.
//
// Semantics: Go's channels. A Channel is a handle to shared state; copies refer to the
//            same channel, and the state lives as long as a handle or an operation does.
//            T may be move-only. An operation that throws has sent or received nothing.
// Threads:   any, on different handles or on one handle that nobody changes meanwhile
//            (a handle is plain data of the program, the channel behind it is not).
// Errors:    sending on a closed channel and closing twice are findings and throw
//            ClosedChannel; closing a nil channel likewise. Sending to and receiving from a
//            nil channel blocks for ever.
// Order:     what happened before a send happens before its receive returns; the k-th
//            receive from a channel of capacity C before the (k+C)-th send returns; a
//            close before a receive that returns because of it. Nothing else is ordered:
//            not by size(), capacity(), or copies of handles.
#ifndef FIBER_CHANNEL_H
#define FIBER_CHANNEL_H

#include <fiber/channel_core.h>
#include <fiber/deadline.h>
#include <fiber/error.h>
#include <chrono>
#include <cstddef>
#include <iterator>
#include <optional>
#include <utility>

namespace fiber {

namespace internal {

// What Channel and its two views share: counting references, and asking.
class ChannelHandle {
 public:
  ChannelHandle(const ChannelHandle& other) noexcept : core_(other.core_) { retain(core_); }
  ChannelHandle(ChannelHandle&& other) noexcept : core_(std::exchange(other.core_, nullptr)) {}
  ChannelHandle& operator=(const ChannelHandle& other) noexcept {
    retain(other.core_);
    release(std::exchange(core_, other.core_));
    return *this;
  }
  ChannelHandle& operator=(ChannelHandle&& other) noexcept {
    if (this != &other) release(std::exchange(core_, std::exchange(other.core_, nullptr)));
    return *this;
  }
  ~ChannelHandle() { release(core_); }

  // Values waiting in the buffer, and how many it takes. Both are 0 for a nil channel.
  std::size_t size() const noexcept { return internal::size(core_); }
  std::size_t capacity() const noexcept { return internal::capacity(core_); }
  bool empty() const noexcept { return size() == 0; }

  // False for a nil channel.
  explicit operator bool() const noexcept { return core_ != nullptr; }
  // The same channel?
  friend bool operator==(const ChannelHandle& a, const ChannelHandle& b) noexcept {
    return a.core_ == b.core_;
  }
  friend bool operator!=(const ChannelHandle& a, const ChannelHandle& b) noexcept {
    return a.core_ != b.core_;
  }

 protected:
  explicit ChannelHandle(ChannelCore* core) noexcept : core_(core) {}

 private:
  friend struct ChannelAccess;
  ChannelCore* core_;  // null: nil
};

struct ChannelAccess {
  static ChannelCore* core(const ChannelHandle& handle) noexcept { return handle.core_; }
  // A handle that takes over a reference.
  template <class Handle>
  static Handle adopt(ChannelCore* core) noexcept {
    return Handle(core);
  }
};

// The sending half of an interface; Self derives from ChannelHandle.
template <class T, class Self>
class Sending {
 public:
  // Waits until the value is in the buffer or with a receiver.
  void send(T value) const {
    Parcel<T> parcel(std::move(value));
    internal::send(core(), parcel.address(), kNoDeadline);
    parcel.sent();
  }
  // These take the value only when they return true. Both throw on a closed channel.
  bool try_send(const T& value) const { return offer_copy(value, kNoWait); }
  bool try_send(T&& value) const { return offer(value, kNoWait); }
  template <class Rep, class Period>
  bool send_for(const T& value, const std::chrono::duration<Rep, Period>& duration) const {
    return offer_copy(value, deadline_after(duration));
  }
  template <class Rep, class Period>
  bool send_for(T&& value, const std::chrono::duration<Rep, Period>& duration) const {
    return offer(value, deadline_after(duration));
  }

  // Receivers get what is in the buffer, then nullopt. Senders get ClosedChannel.
  void close() const { internal::close(core()); }

 private:
  ChannelCore* core() const noexcept {
    return ChannelAccess::core(static_cast<const Self&>(*this));
  }
  bool offer_copy(const T& value, Deadline deadline) const {
    Parcel<T> parcel{T(value)};
    if (!internal::send(core(), parcel.address(), deadline)) return false;
    parcel.sent();
    return true;
  }
  bool offer(T& value, Deadline deadline) const {
    LoanedParcel<T> parcel(value);
    if (!internal::send(core(), parcel.address(), deadline)) return false;
    parcel.sent();
    return true;
  }
};

// An input iterator over what is received until the channel is closed.
template <class T>
class ChannelIterator;

// The receiving half.
template <class T, class Self>
class Receiving {
 public:
  // Waits for a value; nullopt: the channel is closed and drained.
  std::optional<T> receive() const { return take(kNoDeadline); }
  // Nullopt also when there is no value yet, or none came in time.
  std::optional<T> try_receive() const { return take(kNoWait); }
  template <class Rep, class Period>
  std::optional<T> receive_for(const std::chrono::duration<Rep, Period>& duration) const {
    return take(deadline_after(duration));
  }
  // These say which it was; `value` is assigned to with kOk.
  ChannelStatus try_receive(T& value) const {
    const ChannelStatus status = take_into(value, kNoWait);
    return status == ChannelStatus::kTimeout ? ChannelStatus::kEmpty : status;
  }
  template <class Rep, class Period>
  ChannelStatus receive_for(T& value, const std::chrono::duration<Rep, Period>& duration) const {
    return take_into(value, deadline_after(duration));
  }

  ChannelIterator<T> begin() const;
  ChannelIterator<T> end() const;

 private:
  ChannelCore* core() const noexcept {
    return ChannelAccess::core(static_cast<const Self&>(*this));
  }
  std::optional<T> take(Deadline deadline) const {
    Landing<T> landing;
    if (internal::receive(core(), landing.address(), deadline) != ChannelStatus::kOk)
      return std::nullopt;
    return landing.take();
  }
  ChannelStatus take_into(T& value, Deadline deadline) const {
    Landing<T> landing;
    const ChannelStatus status = internal::receive(core(), landing.address(), deadline);
    if (status == ChannelStatus::kOk) value = *landing.take();
    return status;
  }
};

}  // namespace internal

template <class T>
class Channel : public internal::ChannelHandle,
                public internal::Sending<T, Channel<T>>,
                public internal::Receiving<T, Channel<T>> {
 public:
  using value_type = T;

  // Unbuffered: a send waits for its receiver.
  Channel() : Channel(std::size_t{0}) {}
  // Throws std::length_error or std::bad_alloc when there is no room for so many.
  explicit Channel(std::size_t capacity)
      : internal::ChannelHandle(internal::create(internal::Element<T>::kType, capacity)) {}

  static Channel nil() noexcept { return Channel(nullptr); }

 private:
  explicit Channel(internal::ChannelCore* core) noexcept : internal::ChannelHandle(core) {}
};

// A channel that one may only send to (and close). The default is nil.
template <class T>
class SendChannel : public internal::ChannelHandle, public internal::Sending<T, SendChannel<T>> {
 public:
  using value_type = T;
  SendChannel() noexcept : internal::ChannelHandle(nullptr) {}
  // Implicit, as Go's conversions to one-way channels are. NOLINTBEGIN(google-explicit-constructor)
  SendChannel(const Channel<T>& channel) noexcept : internal::ChannelHandle(channel) {}
  SendChannel(Channel<T>&& channel) noexcept : internal::ChannelHandle(std::move(channel)) {}
  // NOLINTEND(google-explicit-constructor)
};

// A channel that one may only receive from. The default is nil.
template <class T>
class ReceiveChannel : public internal::ChannelHandle,
                       public internal::Receiving<T, ReceiveChannel<T>> {
 public:
  using value_type = T;
  ReceiveChannel() noexcept : internal::ChannelHandle(nullptr) {}
  // Implicit, as Go's conversions to one-way channels are. NOLINTBEGIN(google-explicit-constructor)
  ReceiveChannel(const Channel<T>& channel) noexcept : internal::ChannelHandle(channel) {}
  ReceiveChannel(Channel<T>&& channel) noexcept : internal::ChannelHandle(std::move(channel)) {}
  // NOLINTEND(google-explicit-constructor)

 private:
  friend struct internal::ChannelAccess;
  explicit ReceiveChannel(internal::ChannelCore* core) noexcept : internal::ChannelHandle(core) {}
};

namespace internal {

template <class T>
class ChannelIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = T;
  using difference_type = std::ptrdiff_t;
  using pointer = T*;
  using reference = T&;

  ChannelIterator() = default;  // the end
  explicit ChannelIterator(const ChannelHandle& channel) : channel_(channel) { ++*this; }

  // Valid until the next ++; may be moved from.
  T& operator*() const { return *value_; }
  T* operator->() const { return &*value_; }
  ChannelIterator& operator++() {
    value_.reset();
    Landing<T> landing;
    const ChannelStatus status =
        internal::receive(ChannelAccess::core(*channel_), landing.address(), kNoDeadline);
    if (status == ChannelStatus::kOk)
      value_ = landing.take();
    else
      channel_.reset();
    return *this;
  }
  void operator++(int) { ++*this; }
  friend bool operator==(const ChannelIterator& a, const ChannelIterator& b) {
    return a.channel_.has_value() == b.channel_.has_value();
  }
  friend bool operator!=(const ChannelIterator& a, const ChannelIterator& b) { return !(a == b); }

 private:
  std::optional<ChannelHandle> channel_;
  mutable std::optional<T> value_;
};

template <class T, class Self>
ChannelIterator<T> Receiving<T, Self>::begin() const {
  return ChannelIterator<T>(static_cast<const Self&>(*this));
}
template <class T, class Self>
ChannelIterator<T> Receiving<T, Self>::end() const {
  return ChannelIterator<T>();
}

}  // namespace internal
}  // namespace fiber

#endif  // FIBER_CHANNEL_H
