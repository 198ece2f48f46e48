// reference.h: Go's channels, one operation after the other.
//
// Input:    operations of actors in the order in which they happen, and what the library
//           said about those that ended.
// Output:   what is wrong, or nothing; whose operations must have ended.
// State:    for each channel its values, whether it is closed, and who waits, in order.
// Threads:  one.
//
// The rules are those of the Go specification and of chan.go and select.go, told without
// locks: an operation that is ready happens at once, of several ready cases any; else it
// waits in the queues of its cases; a partner serves who waits longest.
#ifndef FIBERSAN_TESTS_MODEL_CHANNEL_REFERENCE_H
#define FIBERSAN_TESTS_MODEL_CHANNEL_REFERENCE_H

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "operation.h"

namespace channel_model {

class Reference {
 public:
  explicit Reference(const std::vector<size_t>& capacities);

  // `actor` does `operation`; `said`: how that ended, if it has. Empty: that is right.
  [[nodiscard]] std::string begin(int actor, const Operation& operation,
                                  const std::optional<Outcome>& said);
  // The operation of a waiting actor ended as `said`.
  [[nodiscard]] std::string end(int actor, const Outcome& said);
  // A waiting actor gave up, before the operation that begins next.
  [[nodiscard]] std::string give_up(int actor);

  // Those whose operations have ended and who have not said so.
  std::vector<int> overdue() const;
  bool waits(int actor) const { return waiting_.count(actor) != 0; }
  const Operation& awaited(int actor) const { return waiting_.at(actor); }
  size_t size(size_t channel) const { return channels_[channel].values.size(); }

 private:
  struct Queued {
    int actor;
    size_t index;  // of its case
  };
  struct Channel {
    size_t capacity;
    bool nil;
    bool closed = false;
    std::deque<int> values{};
    std::deque<Queued> senders{};
    std::deque<Queued> receivers{};
  };

  Channel& of(const Case& c) { return channels_[static_cast<size_t>(c.channel)]; }
  bool ready(const Case& c);
  Outcome take(const Case& c, size_t index);
  std::string close(const Case& c, const std::optional<Outcome>& said);
  void serve(const Queued& queued, const Outcome& outcome);
  void leave_queues(int actor);
  int value_of(const Queued& queued) { return waiting_.at(queued.actor).cases[queued.index].value; }

  std::vector<Channel> channels_;
  std::map<int, Operation> waiting_;
  std::map<int, std::pair<Operation, Outcome>> served_;
};

}  // namespace channel_model

#endif  // FIBERSAN_TESTS_MODEL_CHANNEL_REFERENCE_H
