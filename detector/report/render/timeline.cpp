#include "detector/report/render/timeline.h"

#include <algorithm>
#include <map>
#include <string_view>
#include <tuple>
#include <utility>

#include "detector/report/render_text.h"

namespace fibersan {
namespace {

using Lane = Timeline::Lane;
using Event = Timeline::Event;

// The main thread, other threads, fibers by number, whoever is unknown.
using Key = std::tuple<int, uint64_t>;

Key key_of(const FiberName& fiber) {
  switch (fiber.kind) {
    case FiberName::Kind::kMainThread:
      return {0, 0};
    case FiberName::Kind::kThread:
      return {1, fiber.id};
    case FiberName::Kind::kFiber:
      return {2, fiber.id};
    case FiberName::Kind::kUnknown:
      return {3, 0};
  }
  return {3, 0};
}

std::string_view verb_of(const ReportAccess& access) {
  switch (access.kind) {
    case ReportAccess::Kind::kRead:
      return access.atomic ? "atomic read" : "read";
    case ReportAccess::Kind::kWrite:
      return access.atomic ? "atomic write" : "write";
    case ReportAccess::Kind::kFree:
      return "free";
    case ReportAccess::Kind::kOperation:
      return "operation";
  }
  return "";
}

class TimelineMaker {
 public:
  explicit TimelineMaker(const Report& report) : report_(report) {}

  Timeline make() {
    find_lanes();
    add_creations();
    add_steps();
    return std::move(timeline_);
  }

 private:
  void note(const FiberName& fiber, Lane::End end = Lane::End::kUnknown) {
    const auto [place, is_new] = found_.try_emplace(key_of(fiber), Lane{fiber, end});
    if (is_new) return;
    if (end != Lane::End::kUnknown) place->second.end = end;
    if (place->second.fiber.name.empty()) place->second.fiber.name = fiber.name;
  }

  void note_created(const FiberName& fiber, const std::optional<FiberName>& creator) {
    if (!creator) return;
    note(*creator);
    creators_.try_emplace(key_of(fiber), *creator);
  }

  void find_lanes() {
    for (const ReportAccess& access : report_.accesses) note(access.fiber);
    for (const ReportParty& party : report_.parties) note(party.fiber);
    for (const ReportLockStep& step : report_.lock_cycle) note(step.fiber);
    for (const ReportWaiters& waiters : report_.waiters) {
      note(waiters.fiber, Lane::End::kWaiting);
      note_created(waiters.fiber, waiters.creator);
    }
    for (const ReportFiber& fiber : report_.fibers) {
      note(fiber.fiber, fiber.state == ReportFiber::State::kRunning ? Lane::End::kRunning
                                                                    : Lane::End::kFinished);
      note_created(fiber.fiber, fiber.creator);
    }
    for (const auto& [key, lane] : found_) {
      if (timeline_.lanes.size() == Timeline::kMostLanes) {
        ++timeline_.left_out;
        continue;
      }
      lanes_.emplace(key, timeline_.lanes.size());
      timeline_.lanes.push_back(lane);
    }
  }

  std::optional<size_t> lane_of(const FiberName& fiber) const {
    const auto place = lanes_.find(key_of(fiber));
    return place == lanes_.end() ? std::nullopt : std::optional(place->second);
  }

  void add(const FiberName& fiber, size_t column, Event::Kind kind, std::string text,
           std::optional<size_t> from = std::nullopt) {
    const auto lane = lane_of(fiber);
    if (!lane) return;
    timeline_.events.push_back({*lane, column, kind, std::move(text), from});
    timeline_.columns = std::max(timeline_.columns, column + 1);
  }

  // Keys are in the order of creation.
  void add_creations() {
    for (const auto& [key, creator] : creators_) {
      if (!lanes_.contains(key)) continue;
      add(found_.at(key).fiber, timeline_.columns, Event::Kind::kCreated, "created",
          lane_of(creator));
    }
  }

  void add_steps() {
    for (const ReportParty& party : report_.parties)
      add(party.fiber, timeline_.columns, Event::Kind::kBefore, party.doing);
    for (size_t i = report_.accesses.size(); i-- > 0;) {  // the oldest is the last one
      add(report_.accesses[i].fiber, timeline_.columns, Event::Kind::kAccess,
          std::string(verb_of(report_.accesses[i])));
    }
    const size_t held = timeline_.columns;
    for (const ReportLockStep& step : report_.lock_cycle) {
      add(step.fiber, held, Event::Kind::kBefore, "locks M" + std::to_string(step.held));
      add(step.fiber, held + 1, Event::Kind::kAccess, "then M" + std::to_string(step.taken));
    }
    const size_t waits = timeline_.columns;
    for (const ReportWaiters& waiters : report_.waiters) {
      std::string text = waiters.reason;
      if (waiters.count > 1) text += ", " + std::to_string(waiters.count) + " fibers";
      if (waiters.waited_ms != 0) text += ", for " + render_duration(waiters.waited_ms);
      add(waiters.fiber, waits, Event::Kind::kWaits, std::move(text));
    }
  }

  const Report& report_;
  Timeline timeline_;
  std::map<Key, Lane> found_;
  std::map<Key, FiberName> creators_;
  std::map<Key, size_t> lanes_;
};

}  // namespace

Timeline timeline_of(const Report& report) { return TimelineMaker(report).make(); }

}  // namespace fibersan
