#include "history.h"

#include <algorithm>
#include <map>

namespace channel_model {

namespace {

struct Passage {  // of one value
  const Event* sent = nullptr;
  const Event* received = nullptr;
};

std::string text_of(const Event& event) {
  static constexpr const char* kKinds[] = {"sent",    "received", "refused", "full",        "empty",
                                           "drained", "nothing",  "closed",  "closed again"};
  return std::string(kKinds[event.kind]) + " " + std::to_string(event.value) + " [" +
         std::to_string(event.begin) + ", " + std::to_string(event.end) + "]";
}

class History {
 public:
  History(const std::vector<Event>& events, size_t capacity)
      : events_(events), capacity_(capacity) {}

  std::string check() {
    for (const auto rule : {&History::pair_up, &History::order, &History::room, &History::closing,
                            &History::refusals}) {
      if (std::string wrong = (this->*rule)(); !wrong.empty()) return wrong;
    }
    return "";
  }

 private:
  static bool before(const Event& a, const Event& b) { return a.end < b.begin; }

  // What is received was sent, and is received once; nothing is left over.
  std::string pair_up() {
    for (const Event& event : events_) {
      if (event.kind == Event::kClosed) {
        if (closed_ != nullptr) return "closed twice";
        closed_ = &event;
      }
      if (event.kind != Event::kSent && event.kind != Event::kReceived) continue;
      Passage& passage = passages_[event.value];
      const Event*& place = event.kind == Event::kSent ? passage.sent : passage.received;
      if (place != nullptr) return "twice: " + text_of(*place) + " and " + text_of(event);
      place = &event;
    }
    for (const auto& [value, passage] : passages_) {
      if (passage.received == nullptr) return "lost: " + text_of(*passage.sent);
      if (passage.sent == nullptr) return "from nowhere: " + text_of(*passage.received);
      if (before(*passage.received, *passage.sent))
        return "received before it was sent: " + text_of(*passage.sent);
    }
    return "";
  }

  // First in, first out.
  std::string order() {
    for (const auto& [a_value, a] : passages_) {
      for (const auto& [b_value, b] : passages_) {
        if (before(*a.sent, *b.sent) && before(*b.received, *a.received))
          return "out of order: " + text_of(*a.sent) + " overtaken by " + text_of(*b.sent);
      }
    }
    return "";
  }

  // Never more values sent and not received than fit.
  std::string room() {
    for (const auto& [value, passage] : passages_) {
      const uint64_t now = passage.sent->end;
      size_t inside = 0;
      for (const auto& [other_value, other] : passages_)
        if (other.sent->end <= now && other.received->begin > now) ++inside;
      if (inside > capacity_)
        return std::to_string(inside) + " values inside after " + text_of(*passage.sent);
    }
    return "";
  }

  std::string closing() {
    for (const Event& event : events_) {
      switch (event.kind) {
        case Event::kSent:
          if (closed_ != nullptr && before(*closed_, event))
            return "after close: " + text_of(event);
          break;
        case Event::kRefused:
        case Event::kDrained:
        case Event::kClosedAgain:
          if (closed_ == nullptr || before(event, *closed_))
            return "without a close: " + text_of(event);
          break;
        case Event::kFull:
        case Event::kEmpty:
          if (closed_ != nullptr && before(*closed_, event))
            return "closed, and yet " + text_of(event);
          break;
        default:
          break;
      }
    }
    return "";
  }

  // Who found the channel empty: was a value in it all the time? Full: was there room?
  std::string refusals() {
    for (const Event& event : events_) {
      const bool empty = event.kind == Event::kEmpty || event.kind == Event::kDrained ||
                         event.kind == Event::kNothing;
      size_t may_be_inside = 0;
      for (const auto& [value, passage] : passages_) {
        if (empty && before(*passage.sent, event) && before(event, *passage.received))
          return text_of(event) + ", and inside was " + text_of(*passage.sent);
        may_be_inside += passage.sent->begin < event.end && passage.received->end > event.begin;
      }
      if (event.kind == Event::kFull && may_be_inside < capacity_)
        return text_of(event) + ", with at most " + std::to_string(may_be_inside) + " inside";
    }
    return "";
  }

  const std::vector<Event>& events_;
  const size_t capacity_;
  std::map<int, Passage> passages_;
  const Event* closed_ = nullptr;
};

}  // namespace

std::string check_history(const std::vector<Event>& events, size_t capacity) {
  return History(events, capacity).check();
}

}  // namespace channel_model
