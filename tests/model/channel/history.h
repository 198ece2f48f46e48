// history.h: checks what many fibers have done to one channel at the same time.
//
// Input:    Events with the interval in which each happened, on one clock for all fibers.
// Output:   a broken rule of Go's channels, or nothing. Every report is right: an event may
//           have taken place anywhere in its interval, and no such place keeps the rule.
//           Not every broken rule is found: intervals may overlap.
// Cost:     O(n^2) for n events of a channel.
#ifndef FIBERSAN_TESTS_MODEL_CHANNEL_HISTORY_H
#define FIBERSAN_TESTS_MODEL_CHANNEL_HISTORY_H

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace channel_model {

struct Event {
  enum Kind : uint8_t {
    kSent,
    kReceived,
    kRefused,  // a send that threw
    kFull,     // a send that was not ready
    kEmpty,    // a receive that was not ready
    kDrained,  // a receive that found the channel closed
    kNothing,  // kEmpty or kDrained
    kClosed,   // a close that did it
    kClosedAgain,
  };
  Kind kind;
  int value;
  uint64_t begin;
  uint64_t end;
};

[[nodiscard]] std::string check_history(const std::vector<Event>& events, size_t capacity);

}  // namespace channel_model

#endif  // FIBERSAN_TESTS_MODEL_CHANNEL_HISTORY_H
