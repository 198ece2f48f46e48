// perform.h: carries an Operation out with the library, for several types of values.
//
// Output:   the Outcome, after checking what the library promises about values: what is not
//           sent is still there.
#ifndef FIBERSAN_TESTS_MODEL_CHANNEL_PERFORM_H
#define FIBERSAN_TESTS_MODEL_CHANNEL_PERFORM_H

#include <fiber/select.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "operation.h"

namespace channel_model {

// Plain bytes.
struct Bytes {
  int number;
  explicit Bytes(int n) : number(n) {}
  int get() const { return number; }
  static int alive() { return 0; }
};

// Move-only, and counted: whatever is left over or destroyed twice shows.
class Unique {
 public:
  explicit Unique(int n) : number_(std::make_unique<int>(n)) { ++count(); }
  Unique(Unique&& other) noexcept : number_(std::move(other.number_)) { ++count(); }
  Unique& operator=(Unique&&) noexcept = default;
  ~Unique() { --count(); }
  int get() const { return number_ == nullptr ? -1 : *number_; }
  static int alive() { return count(); }

 private:
  static std::atomic<int>& count() {
    static std::atomic<int> alive{0};
    return alive;
  }
  std::unique_ptr<int> number_;
};

// A move constructor that may throw: travels in a box.
class Boxed {
 public:
  explicit Boxed(int n) : text_(std::to_string(n) + std::string(20, ' ')) { ++count(); }
  Boxed(const Boxed& other) : text_(other.text_) { ++count(); }
  Boxed(Boxed&& other) noexcept(false) : text_(std::move(other.text_)) { ++count(); }
  Boxed& operator=(const Boxed&) = default;
  Boxed& operator=(Boxed&&) = default;
  ~Boxed() { --count(); }
  int get() const { return text_.empty() ? -1 : std::stoi(text_); }
  static int alive() { return count(); }

 private:
  static std::atomic<int>& count() {
    static std::atomic<int> alive{0};
    return alive;
  }
  std::string text_;
};

template <class T>
using Channels = std::vector<fiber::Channel<T>>;

template <class T>
Channels<T> make_channels(const std::vector<size_t>& capacities) {
  Channels<T> channels;
  for (const size_t capacity : capacities) channels.emplace_back(capacity);
  channels.push_back(fiber::Channel<T>::nil());
  return channels;
}

constexpr auto kShortWait = std::chrono::microseconds(100);

inline std::chrono::nanoseconds duration_of(Patience patience) {
  if (patience == Patience::kShort) return kShortWait;
  return patience == Patience::kLong ? std::chrono::hours(1) : std::chrono::nanoseconds(0);
}

template <class T>
Outcome perform_send(const fiber::Channel<T>& channel, const Operation& operation) {
  T value(operation.cases[0].value);
  if (operation.patience == Patience::kForever) {
    channel.send(std::move(value));
    return {Outcome::kDone};
  }
  const bool sent = operation.patience == Patience::kNone
                        ? channel.try_send(std::move(value))
                        : channel.send_for(std::move(value), duration_of(operation.patience));
  if (sent) return {Outcome::kDone};
  // NOLINTNEXTLINE(bugprone-use-after-move): it was not taken
  return {value.get() == operation.cases[0].value ? Outcome::kNotReady : Outcome::kValueLost};
}

template <class T>
Outcome perform_receive(const fiber::Channel<T>& channel, Patience patience) {
  std::optional<T> value;
  if (patience == Patience::kForever) {
    value = channel.receive();
    if (!value) return {Outcome::kClosed};
  } else {
    value = patience == Patience::kNone ? channel.try_receive()
                                        : channel.receive_for(duration_of(patience));
    if (!value) return {Outcome::kNothing};
  }
  return {Outcome::kDone, 0, value->get()};
}

template <class T>
Outcome perform_receive_into(const fiber::Channel<T>& channel, Patience patience) {
  using fiber::ChannelStatus;
  T value(-2);
  if (patience == Patience::kForever) patience = Patience::kLong;
  const ChannelStatus status = patience == Patience::kNone
                                   ? channel.try_receive(value)
                                   : channel.receive_for(value, duration_of(patience));
  if (status == ChannelStatus::kOk) return {Outcome::kDone, 0, value.get()};
  if (value.get() != -2) return {Outcome::kValueLost};
  if (status == ChannelStatus::kClosed) return {Outcome::kClosed};
  const bool said_right =
      status == (patience == Patience::kNone ? ChannelStatus::kEmpty : ChannelStatus::kTimeout);
  return {said_right ? Outcome::kNotReady : Outcome::kValueLost};
}

template <class T>
Outcome perform_select(const Channels<T>& channels, const Operation& operation) {
  std::optional<std::optional<T>> received;
  const auto keep = [&](std::optional<T> value) { received.emplace(std::move(value)); };
  fiber::Select select;
  const bool has_extra = operation.patience != Patience::kForever;
  const auto add_extra = [&] {
    if (operation.patience == Patience::kNone)
      select.add(fiber::otherwise());
    else
      select.add(fiber::on_timeout(duration_of(operation.patience)));
  };
  size_t i = 0;
  for (const Case& c : operation.cases) {
    if (has_extra && i++ == operation.extra) add_extra();
    const auto& channel = channels[static_cast<size_t>(c.channel)];
    if (c.send)
      select.add(fiber::on_send(channel, T(c.value)));
    else
      select.add(fiber::on_receive(channel, keep));
  }
  if (has_extra && operation.extra == operation.cases.size()) add_extra();
  size_t taken = select.wait();
  if (has_extra) {
    if (taken == operation.extra) return {Outcome::kNotReady};
    if (taken > operation.extra) --taken;
  }
  if (operation.cases[taken].send != !received.has_value()) return {Outcome::kValueLost};
  if (operation.cases[taken].send) return {Outcome::kDone, taken};
  if (!*received) return {Outcome::kClosed, taken};
  return {Outcome::kDone, taken, (*received)->get()};
}

template <class T>
Outcome perform(const Channels<T>& channels, const Operation& operation) {
  const auto& channel = channels[static_cast<size_t>(operation.cases[0].channel)];
  try {
    switch (operation.verb) {
      case Verb::kSend:
        return perform_send(channel, operation);
      case Verb::kReceive:
        return perform_receive(channel, operation.patience);
      case Verb::kReceiveInto:
        return perform_receive_into(channel, operation.patience);
      case Verb::kSelect:
        return perform_select(channels, operation);
      case Verb::kClose:
        channel.close();
        return {Outcome::kDone};
    }
  } catch (const fiber::ClosedChannel&) {
    return {Outcome::kThrown};
  }
  return {Outcome::kValueLost};
}

}  // namespace channel_model

#endif  // FIBERSAN_TESTS_MODEL_CHANNEL_PERFORM_H
