// channel_core.h: the library behind Channel<T>, which does not know T, and how values of
// type T get in and out of it.
//
// Invariants
//   I1  The library moves values with the channel's lock held. So what it moves cannot
//       throw: a T whose move constructor may throw travels in a box of its own that is
//       made and opened outside of the lock.
//   I2  Values are copied from and to the program's own memory by code in these headers,
//       which is checked like the program's own; between those two places the library
//       orders them.
#ifndef FIBER_CHANNEL_CORE_H
#define FIBER_CHANNEL_CORE_H

#include <fiber/annotations.h>
#include <fiber/sync_state.h>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <optional>
#include <type_traits>
#include <utility>

namespace fiber {

enum class ChannelStatus : std::uint8_t {
  kOk,
  kEmpty,    // nothing to receive now
  kTimeout,  // nothing came in time
  kClosed,   // closed and drained
};

namespace internal {

class ChannelCore;

// How the library handles the values of one channel.
struct ElementType {
  std::size_t size;
  std::size_t alignment;
  // Null: by copying the bytes, and what is left behind needs no destructor.
  void (*move_construct)(void* to, void* from);
  void (*destroy)(void* value);  // null: nothing to do
};

ChannelCore* create(const ElementType& type, std::size_t capacity);
void retain(ChannelCore* core) noexcept;
void release(ChannelCore* core) noexcept;

// False: not before the deadline. Throws ClosedChannel.
bool send(ChannelCore* core, void* value, Deadline deadline);
// With kOk a value has been constructed at `place`. kTimeout: not before the deadline.
ChannelStatus receive(ChannelCore* core, void* place, Deadline deadline);
void close(ChannelCore* core);
std::size_t size(const ChannelCore* core) noexcept;
std::size_t capacity(const ChannelCore* core) noexcept;

template <class T>
struct Element {
  static_assert(std::is_object_v<T> && !std::is_const_v<T> && std::is_move_constructible_v<T>,
                "a channel carries movable objects");
  static constexpr bool kBoxed = !std::is_nothrow_move_constructible_v<T>;
  // What lies in the channel.
  using Kept = std::conditional_t<kBoxed, T*, T>;
  static constexpr bool kBytes = std::is_trivially_copyable_v<Kept>;

  FIBERSAN_IGNORE static void move_construct(void* to, void* from) {
    ::new (to) Kept(std::move(*static_cast<Kept*>(from)));
  }
  FIBERSAN_IGNORE static void destroy(void* value) {
    if constexpr (kBoxed)
      delete *static_cast<T**>(value);
    else
      static_cast<Kept*>(value)->~Kept();
  }
  static constexpr ElementType kType = {
      sizeof(Kept), alignof(Kept), kBytes ? nullptr : &move_construct,
      std::is_trivially_destructible_v<T> && !kBoxed ? nullptr : &destroy};
};

// A value on its way out.
template <class T, bool kBoxed = Element<T>::kBoxed>
class Parcel {
 public:
  explicit Parcel(T&& value) : value_(std::move(value)) {}
  void* address() { return &value_; }
  void sent() {}

 private:
  T value_;
};
template <class T>
class Parcel<T, true> {
 public:
  explicit Parcel(T&& value) : box_(new T(std::move(value))), address_(box_.get()) {}
  void* address() { return &address_; }
  void sent() { static_cast<void>(box_.release()); }

 private:
  std::unique_ptr<T> box_;
  T* address_;
};

// The program's own object, moved from only if it is taken.
template <class T, bool kBoxed = Element<T>::kBoxed, bool kBytes = Element<T>::kBytes>
class LoanedParcel {
 public:
  explicit LoanedParcel(T& value) : value_(value) {}
  void* address() { return std::addressof(value_); }
  void sent() {}

 private:
  T& value_;
};
// Bytes are copied by the library, which is not checked: copy here, where it is.
template <class T>
class LoanedParcel<T, false, true> {
 public:
  explicit LoanedParcel(T& value) : value_(std::move(value)) {}
  void* address() { return &value_; }
  void sent() {}

 private:
  T value_;
};
// Boxed: a copy where that is possible, so that nothing has to be moved back.
template <class T, bool kBytes>
class LoanedParcel<T, true, kBytes> {
 public:
  explicit LoanedParcel(T& value) : value_(value), box_(make(value)), address_(box_.get()) {}
  ~LoanedParcel() noexcept(false) {
    if constexpr (!std::is_copy_constructible_v<T>)
      if (box_ != nullptr) value_ = std::move(*box_);
  }
  void* address() { return &address_; }
  void sent() { static_cast<void>(box_.release()); }

 private:
  static T* make(T& value) {
    if constexpr (std::is_copy_constructible_v<T>)
      return new T(const_cast<const T&>(value));
    else
      return new T(std::move(value));
  }
  T& value_;
  std::unique_ptr<T> box_;
  T* address_;
};

// Where a value arrives. Filled by the library, emptied once by take().
template <class T>
class Landing {
 public:
  using Kept = typename Element<T>::Kept;
  Landing() noexcept {}
  Landing(const Landing&) = delete;
  Landing& operator=(const Landing&) = delete;

  void* address() { return bytes_; }
  std::optional<T> take() {
    if constexpr (Element<T>::kBoxed) {
      const std::unique_ptr<T> box(*kept());
      return std::optional<T>(std::move(*box));
    } else {
      std::optional<T> value(std::move(*kept()));
      kept()->~Kept();
      return value;
    }
  }

 private:
  Kept* kept() { return std::launder(reinterpret_cast<Kept*>(bytes_)); }

  // Whole words, so that the detector can forget them as a whole.
  static constexpr std::size_t kSize = (sizeof(Kept) + 7) / 8 * 8;
  alignas(Kept) alignas(8) unsigned char bytes_[kSize];
};

}  // namespace internal
}  // namespace fiber

#endif  // FIBER_CHANNEL_CORE_H
