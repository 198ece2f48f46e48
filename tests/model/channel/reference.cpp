#include "reference.h"

#include <algorithm>

namespace channel_model {

namespace {

// A select whose cases include equal ones may say either.
bool same_case(const Operation& operation, size_t a, size_t b) {
  return operation.cases[a].send == operation.cases[b].send &&
         operation.cases[a].channel == operation.cases[b].channel;
}

std::string compare(const Operation& operation, const Outcome& right, const Outcome& said) {
  const std::string wrong = "should be " + text_of(right) + ", is " + text_of(said);
  if (said.kind == Outcome::kNothing)
    return right.kind == Outcome::kClosed || right.kind == Outcome::kNotReady ? "" : wrong;
  if (said.kind != right.kind) return wrong;
  if (right.kind == Outcome::kNotReady || right.kind == Outcome::kThrown) return "";
  if (said.taken >= operation.cases.size() || said.value != right.value) return wrong;
  return same_case(operation, said.taken, right.taken) ? "" : wrong;
}

}  // namespace

Reference::Reference(const std::vector<size_t>& capacities) {
  for (const size_t capacity : capacities) channels_.push_back({capacity, false});
  channels_.push_back({0, true});
}

bool Reference::ready(const Case& c) {
  const Channel& channel = of(c);
  if (channel.nil) return false;
  if (channel.closed) return true;
  if (c.send) return !channel.receivers.empty() || channel.values.size() < channel.capacity;
  return !channel.senders.empty() || !channel.values.empty();
}

Outcome Reference::take(const Case& c, size_t index) {
  Channel& channel = of(c);
  if (c.send) {
    if (channel.closed) return {Outcome::kThrown, index};
    if (channel.receivers.empty()) {
      channel.values.push_back(c.value);
    } else {
      const Queued receiver = channel.receivers.front();
      serve(receiver, {Outcome::kDone, receiver.index, c.value});
    }
    return {Outcome::kDone, index};
  }
  if (channel.values.empty()) {
    if (channel.senders.empty()) return {Outcome::kClosed, index};
    const Queued sender = channel.senders.front();
    const int value = value_of(sender);
    serve(sender, {Outcome::kDone, sender.index});
    return {Outcome::kDone, index, value};
  }
  const int value = channel.values.front();
  channel.values.pop_front();
  if (!channel.senders.empty()) {
    const Queued sender = channel.senders.front();
    channel.values.push_back(value_of(sender));
    serve(sender, {Outcome::kDone, sender.index});
  }
  return {Outcome::kDone, index, value};
}

std::string Reference::begin(int actor, const Operation& operation,
                             const std::optional<Outcome>& said) {
  if (operation.verb == Verb::kClose) return close(operation.cases[0], said);
  std::vector<size_t> ready_cases;
  for (size_t i = 0; i < operation.cases.size(); ++i)
    if (ready(operation.cases[i])) ready_cases.push_back(i);

  if (ready_cases.empty()) {
    if (!operation.may_block())
      return said ? compare(operation, {Outcome::kNotReady}, *said) : "does not return";
    waiting_.emplace(actor, operation);
    for (size_t i = 0; i < operation.cases.size(); ++i) {
      const Case& c = operation.cases[i];
      (c.send ? of(c).senders : of(c).receivers).push_back({actor, i});
    }
    if (!said) return "";
    if (operation.patience != Patience::kShort) return "returns: " + text_of(*said);
    if (said->kind != Outcome::kNotReady && said->kind != Outcome::kNothing)
      return "ends alone: " + text_of(*said);
    return give_up(actor);
  }
  if (!said) return "waits, though it could go on";
  if (said->kind == Outcome::kThrown) {
    const bool may_throw = std::any_of(ready_cases.begin(), ready_cases.end(), [&](size_t i) {
      return operation.cases[i].send && of(operation.cases[i]).closed;
    });
    return may_throw ? "" : "throws";
  }
  if (std::find(ready_cases.begin(), ready_cases.end(), said->taken) == ready_cases.end())
    return "takes a case that is not ready: " + text_of(*said);
  const Outcome right = take(operation.cases[said->taken], said->taken);
  return compare(operation, right, *said);
}

std::string Reference::close(const Case& c, const std::optional<Outcome>& said) {
  Channel& channel = of(c);
  if (!said) return "close waits";
  if (channel.nil || channel.closed)
    return said->kind == Outcome::kThrown ? "" : "close of nil or closed does not throw";
  if (said->kind != Outcome::kDone) return "close: " + text_of(*said);
  channel.closed = true;
  while (!channel.receivers.empty())
    serve(channel.receivers.front(), {Outcome::kClosed, channel.receivers.front().index});
  while (!channel.senders.empty())
    serve(channel.senders.front(), {Outcome::kThrown, channel.senders.front().index});
  return "";
}

// By copy: it is about to leave the queue that it stands in.
void Reference::serve(const Queued& queued, const Outcome& outcome) {
  const int actor = queued.actor;
  const Outcome kept = outcome;
  served_.emplace(actor, std::pair(waiting_.at(actor), kept));
  leave_queues(actor);
}

void Reference::leave_queues(int actor) {
  const auto is_actor = [actor](const Queued& q) { return q.actor == actor; };
  for (Channel& channel : channels_) {
    for (auto* queue : {&channel.senders, &channel.receivers})
      queue->erase(std::remove_if(queue->begin(), queue->end(), is_actor), queue->end());
  }
  waiting_.erase(actor);
}

std::string Reference::end(int actor, const Outcome& said) {
  const auto found = served_.find(actor);
  if (found == served_.end()) return "ends, though nobody has served it: " + text_of(said);
  const auto [operation, right] = found->second;
  served_.erase(found);
  return compare(operation, right, said);
}

std::string Reference::give_up(int actor) {
  const auto found = waiting_.find(actor);
  if (found == waiting_.end()) return "times out, though it does not wait";
  if (found->second.patience != Patience::kShort) return "times out too early";
  leave_queues(actor);
  return "";
}

std::vector<int> Reference::overdue() const {
  std::vector<int> actors;
  for (const auto& [actor, outcome] : served_) actors.push_back(actor);
  return actors;
}

}  // namespace channel_model
