// operation.h: random channel operations, and what became of one.
//
// Input:    a generator of random numbers.
// Output:   Operations: everything but close() is a set of cases and a patience, so that a
//           plain send is a select of one case for the reference and a send for the library.
// Not here: carrying one out, see perform.h; what is right, see reference.h and history.h.
#ifndef FIBERSAN_TESTS_MODEL_CHANNEL_OPERATION_H
#define FIBERSAN_TESTS_MODEL_CHANNEL_OPERATION_H

#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace channel_model {

using Generator = std::mt19937_64;

inline int below(Generator& random, int bound) {
  return static_cast<int>(random() % static_cast<uint64_t>(bound));
}

enum class Verb : uint8_t { kSend, kReceive, kReceiveInto, kSelect, kClose };
enum class Patience : uint8_t {
  kForever,
  kNone,   // try_…, otherwise()
  kZero,   // a time-out that is over at once
  kShort,  // one that ends while the program runs
  kLong,   // one that does not
};

struct Case {
  bool send;
  int channel;
  int value;  // what is sent
};

struct Operation {
  Verb verb;
  Patience patience;
  std::vector<Case> cases;  // of close(): one, for its channel
  size_t extra = 0;         // where in a select otherwise() or on_timeout() stands

  bool may_block() const {
    return verb != Verb::kClose && patience != Patience::kNone && patience != Patience::kZero;
  }
};

struct Outcome {
  enum Kind : uint8_t {
    kDone,
    kClosed,     // a receive that found the channel closed and drained
    kNotReady,   // otherwise() or the time-out
    kNothing,    // an optional without a value: kClosed or kNotReady
    kThrown,     // ClosedChannel
    kValueLost,  // not sent, and yet gone
  };
  Kind kind;
  size_t taken = 0;  // index of the case, with kDone, kClosed; select also with kThrown
  int value = 0;     // what was received
};

struct Mix {
  int channels;        // the last one is nil
  int most_cases = 4;  // of a select
  bool short_waits = false;
  bool nil_for_ever = false;  // may a fiber wait for nil channels alone?
  int closes_in_1000 = 10;
};

// Values are numbered from `next_value` on, so that each is sent once.
Operation random_operation(Generator& random, const Mix& mix, bool may_block, int& next_value);

std::string text_of(const Operation& operation);
std::string text_of(const Outcome& outcome);

}  // namespace channel_model

#endif  // FIBERSAN_TESTS_MODEL_CHANNEL_OPERATION_H
