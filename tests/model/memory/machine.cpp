#include "tests/model/memory/machine.h"

#include <algorithm>
#include <utility>

namespace model {

Machine* Machine::current = nullptr;

namespace {

constexpr size_t kStackSize = 65536;

}  // namespace

// --- executions ---

uint32_t Machine::choose(uint32_t ways) {
  if (ways <= 1 || abandoned_) return 0;
  if (next_choice_ == choices_.size()) choices_.push_back({0, static_cast<uint8_t>(ways)});
  return choices_[next_choice_++].taken;
}

bool Machine::next_execution() {
  while (!choices_.empty()) {
    if (++choices_.back().taken < choices_.back().ways) return true;
    choices_.pop_back();
  }
  return false;
}

Outcome Machine::explore(const Scenario& scenario) {
  Machine* const before = std::exchange(current, this);
  outcome_ = {};
  choices_.clear();
  do {
    run_once(scenario);
    ++outcome_.executions;
  } while (outcome_.failure.empty() && outcome_.executions < bounds_.executions &&
           next_execution());
  current = before;
  return outcome_;
}

void Machine::enter(boost::context::detail::transfer_t transfer) {
  FIBER_OUTERMOST_FRAME();
  auto* machine = static_cast<Machine*>(transfer.data);
  machine->explorer_ = transfer.fctx;
  machine->scenario_->threads[machine->running_]();
  machine->self().finished = true;
  machine->switch_away();
}

void Machine::run_once(const Scenario& scenario) {
  static uint64_t executions = 0;  // of all machines: objects may outlive one
  execution_ = ++executions;
  scenario_ = &scenario;
  next_choice_ = 0;
  for (uint32_t i = 0; i < location_count_; ++i) locations_[i].clear();
  location_count_ = preemptions_ = stale_ = steps_ = 0;
  abandoned_ = false;
  sequential_ = {};
  threads_ = {};
  thread_count_ = static_cast<uint32_t>(scenario.threads.size());
  running_ = kMostThreads;
  scenario.set_up();
  stacks_.resize(thread_count_, std::vector<char>(kStackSize));
  for (uint32_t i = 0; i < thread_count_; ++i) {
    threads_[i].now = threads_[kMostThreads].now;
    threads_[i].context =
        fiber::internal::make_context(stacks_[i].data() + kStackSize, kStackSize, enter);
  }
  for (;;) {
    std::vector<uint32_t> able;
    bool all_finished = true;
    for (uint32_t i = 0; i < thread_count_; ++i) {
      all_finished &= threads_[i].finished;
      if (can_run(threads_[i])) able.push_back(i);
    }
    if (all_finished || abandoned_) break;
    if (able.empty()) {
      running_ = kMostThreads;
      fail("every thread waits for ever");
      return;
    }
    running_ = able[choose(static_cast<uint32_t>(able.size()))];
    threads_[running_].waits_for = nullptr;
    const fiber::internal::Arrival arrival =
        fiber::internal::switch_to(threads_[running_].context, this);
    threads_[running_].context = arrival.from;
  }
  if (abandoned_) {
    outcome_.cut += outcome_.failure.empty() ? 1 : 0;
    return;
  }
  running_ = kMostThreads;
  for (uint32_t i = 0; i < thread_count_; ++i) self().now.join(threads_[i].now);
  for (uint32_t i = 0; i < location_count_; ++i)
    self().now.at[i] = static_cast<uint16_t>(locations_[i].size() - 1);
  scenario.at_end();
}

bool Machine::can_run(const Thread& thread) const {
  return !thread.finished && (thread.waits_for == nullptr || (*thread.waits_for)());
}

// To the explorer, which chooses who goes on.
void Machine::switch_away() {
  const fiber::internal::Arrival arrival = fiber::internal::switch_to(explorer_, nullptr);
  explorer_ = arrival.from;
}

// Before each access: another thread may come first.
void Machine::step() {
  if (running_ == kMostThreads || std::exchange(no_step_, false)) return;
  if (++steps_ > bounds_.steps || abandoned_) {
    abandoned_ = true;
    switch_away();  // for good
  }
  if (preemptions_ == bounds_.preemptions) return;
  uint32_t others = 0;
  for (uint32_t i = 0; i < thread_count_; ++i)
    others += i != running_ && can_run(threads_[i]) ? 1 : 0;
  if (others == 0 || choose(2) == 0) return;
  ++preemptions_;
  switch_away();
}

void Machine::wait_until(const std::function<bool()>& condition) {
  step();
  if (condition()) return;
  self().waits_for = &condition;
  switch_away();
}

void Machine::pause() {
  // What it has read may be old already.
  if (std::exchange(self().read_old, false)) return;
  const uint64_t seen = stored_;
  wait_until([this, seen] { return stored_ != seen; });
}

void Machine::fail(const std::string& what) {
  if (outcome_.failure.empty()) {
    outcome_.failure = what + "; choices:";
    for (const Choice& choice : choices_) outcome_.failure += " " + std::to_string(choice.taken);
  }
  if (running_ == kMostThreads) return;
  abandoned_ = true;
  switch_away();
}

// --- memory ---

uint32_t Machine::new_location(uint64_t value) {
  const uint32_t location = location_count_++;
  if (location >= kMostLocations) std::abort();
  if (locations_.size() <= location) locations_.resize(location + 1);
  locations_[location].push_back({value, {}});
  return location;
}

void Machine::read_message(uint32_t location, uint32_t index, bool acquire) {
  Thread& thread = self();
  const Message& message = locations_[location][index];
  thread.now.at[location] = std::max(thread.now.at[location], static_cast<uint16_t>(index));
  thread.acquired.join(message.view);
  if (acquire) thread.now.join(message.view);
}

void Machine::append(uint32_t location, uint64_t value, bool release, const View* continued) {
  ++stored_;
  Thread& thread = self();
  std::vector<Message>& messages = locations_[location];
  const auto index = static_cast<uint16_t>(messages.size());
  thread.now.at[location] = index;
  View view = release ? thread.now : thread.released;
  view.at[location] = index;
  if (continued != nullptr) view.join(*continued);
  messages.push_back({value, view});
}

// A seq_cst load reads the last seq_cst store before it, or something newer. The accesses of
// the model are made in one order, which is then that of all seq_cst ones.
void Machine::sequential_begins(uint32_t location) {
  if (bounds_.sequential_fences) return fence(true, true, true);
  step();
  View& now = self().now;
  now.at[location] = std::max(now.at[location], sequential_.at[location]);
  no_step_ = true;
}

void Machine::sequential_ends(uint32_t location) {
  if (bounds_.sequential_fences) return fence(true, true, true);
  sequential_.at[location] = std::max(sequential_.at[location], self().now.at[location]);
}

uint64_t Machine::load(uint32_t location, bool acquire) {
  step();
  const auto last = static_cast<uint32_t>(locations_[location].size() - 1);
  const uint32_t old = last - self().now.at[location];
  const uint32_t back = choose(1 + std::min(old, bounds_.stale - stale_));
  if (back != 0) ++stale_;
  self().read_old = back != 0;
  read_message(location, last - back, acquire);
  return locations_[location][last - back].value;
}

void Machine::store(uint32_t location, uint64_t value, bool release) {
  step();
  append(location, value, release, nullptr);
}

bool Machine::compare_exchange(uint32_t location, uint64_t& expected, uint64_t desired,
                               bool acquire, bool release, bool acquire_on_failure) {
  step();
  const std::vector<Message>& messages = locations_[location];
  const auto last = static_cast<uint32_t>(messages.size() - 1);
  const uint32_t old = std::min(last - self().now.at[location], bounds_.stale - stale_);
  std::vector<uint32_t> readable = {last};
  for (uint32_t back = 1; back <= old; ++back)
    if (messages[last - back].value != expected) readable.push_back(last - back);
  const uint32_t index = readable[choose(static_cast<uint32_t>(readable.size()))];
  if (index != last) ++stale_;
  const View view = messages[index].view;
  if (messages[index].value != expected) {
    expected = messages[index].value;
    read_message(location, index, acquire_on_failure);
    return false;
  }
  read_message(location, index, acquire);
  append(location, desired, release, &view);
  return true;
}

void Machine::fence(bool acquire, bool release, bool sequential) {
  step();
  Thread& thread = self();
  if (acquire) thread.now.join(thread.acquired);
  if (sequential) {
    thread.now.join(sequential_);
    sequential_ = thread.now;
  }
  if (release) thread.released = thread.now;
}

uint64_t Machine::read_plain(uint32_t location) {
  if (self().now.at[location] + 1U != locations_[location].size())
    fail("a plain read is not ordered behind the last write");
  return locations_[location].back().value;
}

void Machine::write_plain(uint32_t location, uint64_t value) {
  if (self().now.at[location] + 1U != locations_[location].size())
    fail("a plain write is not ordered behind the last one");
  append(location, value, false, nullptr);
}

}  // namespace model
