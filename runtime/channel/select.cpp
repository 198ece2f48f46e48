// select over several channels. In one pass with all of them locked it takes an operation
// that is ready; with none it parks in all their queues, and whoever claims it first (one
// claim for all cases, waiter.h I1) serves one case. Then it leaves the other queues.
//
// Invariants
//   L1  The locks are taken in ascending order of address, each once even when a channel
//       has several cases.
//   L2  The lock of the channel taken is released last: after that the other side may know
//       that the operation is over.
//   L3  The cases hold references to their channels (fiber/select.h).
#include "fiber/select.h"

#include <memory>
#include <optional>

#include "fiber/error.h"
#include "runtime/channel/core.h"
#include "runtime/channel/misuse.h"
#include "runtime/policy.h"

namespace fiber::internal {

namespace {

struct Case {
  ChannelCore* core = nullptr;
  const SelectOperation* operation = nullptr;
  void* box = nullptr;  // holds what is to be sent (core.h C4)
  std::optional<ChannelWaiter> waiter;

  bool is_send() const { return operation->is_send; }
  void* element() const { return box != nullptr ? box : operation->element; }
};

class Selection {
 public:
  explicit Selection(const SelectRequest& request) FIBER_NO_THREAD_SAFETY_ANALYSIS;
  ~Selection();
  Selection(const Selection&) = delete;
  Selection& operator=(const Selection&) = delete;

  SelectResult run();

 private:
  struct Taken {
    Case* by;
    Attempt attempt;
  };

  void lock_all();
  void unlock_all(const ChannelCore* last = nullptr);
  static void unlock_all_saved(void* selection) {
    static_cast<Selection*>(selection)->unlock_all();
  }
  Case* choose_ready();
  bool try_ready();
  bool needs_boxes() const;
  void make_boxes();
  void park();
  SelectResult result() const;

  const SelectRequest& request_;
  size_t count_ = 0;  // cases whose channel is not nil, in the order of L1
  static constexpr size_t kSmall = 6;
  Case small_[kSmall];
  std::unique_ptr<Case[]> large_;
  Case* cases_ = small_;
  const void* small_objects_[kSmall];
  std::unique_ptr<const void*[]> large_objects_;
  const void** objects_ = small_objects_;
  Taken taken_{nullptr, Attempt::kBlocks};
};

Selection::Selection(const SelectRequest& request) : request_(request) {
  if (request.count > kSmall) {
    large_ = std::make_unique<Case[]>(request.count);
    cases_ = large_.get();
    large_objects_ = std::make_unique<const void*[]>(request.count);
    objects_ = large_objects_.get();
  }
  for (size_t i = 0; i < request.count; ++i) {
    const SelectOperation& operation = request.operations[i];
    if (operation.core == nullptr) continue;
    size_t place = count_++;
    for (; place > 0 && cases_[place - 1].core > operation.core; --place) {
      cases_[place].core = cases_[place - 1].core;
      cases_[place].operation = cases_[place - 1].operation;
    }
    cases_[place].core = operation.core;
    cases_[place].operation = &operation;
  }
}

// What was put into a box and not sent goes back to its owner.
Selection::~Selection() {
  for (size_t i = 0; i < count_; ++i) {
    if (cases_[i].box != nullptr)
      cases_[i].core->put_back(cases_[i].box, cases_[i].operation->element);
  }
}

void Selection::lock_all() FIBER_NO_THREAD_SAFETY_ANALYSIS {
  for (size_t i = 0; i < count_; ++i)
    if (i == 0 || cases_[i].core != cases_[i - 1].core) cases_[i].core->lock_.lock();
}

void Selection::unlock_all(const ChannelCore* last) FIBER_NO_THREAD_SAFETY_ANALYSIS {
  ChannelCore* kept = nullptr;
  for (size_t i = count_; i-- > 0;) {
    if (i > 0 && cases_[i].core == cases_[i - 1].core) continue;
    if (cases_[i].core == last) {
      kept = cases_[i].core;
    } else {
      cases_[i].core->lock_.unlock();
    }
  }
  if (kept != nullptr) kept->lock_.unlock();
}

// Uniformly among the ready; null: none is.
Case* Selection::choose_ready() FIBER_NO_THREAD_SAFETY_ANALYSIS {
  uint64_t ready_mask = 0;  // of the first 64; the others are looked at again
  size_t ready = 0;
  const auto is_ready = [this](size_t i) FIBER_NO_THREAD_SAFETY_ANALYSIS {
    const Case& c = cases_[i];
    return c.is_send() ? c.core->can_send() : c.core->can_receive();
  };
  for (size_t i = 0; i < count_; ++i) {
    if (!is_ready(i)) continue;
    ++ready;
    if (i < 64) ready_mask |= uint64_t{1} << i;
  }
  if (ready == 0) return nullptr;
  size_t pick = ready == 1 ? 0 : choose(Choice::kSelectCase, static_cast<uint32_t>(ready));
  for (size_t i = 0;; ++i) {
    const bool here = i < 64 ? (ready_mask >> i & 1) != 0 : is_ready(i);
    if (here && pick-- == 0) return &cases_[i];
  }
}

// All are locked. True: one was taken, and the locks are released.
bool Selection::try_ready() FIBER_NO_THREAD_SAFETY_ANALYSIS {
  while (Case* c = choose_ready()) {
    Waiter* partner = nullptr;
    const Attempt attempt = c->is_send() ? c->core->try_send(c->element(), partner)
                                         : c->core->try_receive(c->element(), partner);
    if (attempt == Attempt::kBlocks) continue;  // its partners were all claimed elsewhere
    unlock_all(c->core);
    if (partner != nullptr) partner->state->wake();
    if (attempt == Attempt::kDone && c->box != nullptr) {
      c->core->free_box(c->box);
      c->box = nullptr;
    }
    taken_ = {c, attempt};
    return true;
  }
  return false;
}

bool Selection::needs_boxes() const {
  for (size_t i = 0; i < count_; ++i)
    if (cases_[i].is_send() && cases_[i].core->needs_box()) return true;
  return false;
}

void Selection::make_boxes() {
  for (size_t i = 0; i < count_; ++i) {
    Case& c = cases_[i];
    if (c.is_send() && c.core->needs_box()) c.box = c.core->make_box(c.operation->element);
  }
}

// All are locked; the locks are released.
void Selection::park() FIBER_NO_THREAD_SAFETY_ANALYSIS {
  WaitState state(WaitState::kRivals);
  ChannelWaiter* winner = nullptr;
  for (size_t i = 0; i < count_; ++i) {
    ChannelWaiter& waiter = cases_[i].waiter.emplace(state);
    waiter.element = cases_[i].element();
    waiter.winner = &winner;
    cases_[i].core->enqueue(waiter, cases_[i].is_send());
    objects_[i] = cases_[i].core;
  }
  const bool served = state.block({FSAN_WAIT_SELECT, objects_, count_}, request_.deadline,
                                  &Selection::unlock_all_saved, this);
  lock_all();
  for (size_t i = 0; i < count_; ++i)
    cases_[i].core->dequeue(*cases_[i].waiter, cases_[i].is_send());
  unlock_all();
  for (size_t i = 0; i < count_; ++i) {
    Case& c = cases_[i];
    if (served && &*c.waiter == winner) {
      c.core->acquire_partner(*winner, c.is_send());
      taken_ = {&c, winner->closed ? Attempt::kClosed : Attempt::kDone};
      if (!winner->closed) c.box = nullptr;  // gone with its value
    }
    c.core->leave(*c.waiter);
  }
}

SelectResult Selection::result() const {
  if (taken_.by == nullptr) return {request_.timeout, false};
  if (taken_.by->is_send() && taken_.attempt == Attempt::kClosed) send_on_closed(taken_.by->core);
  return {taken_.by->operation->index, taken_.attempt == Attempt::kDone};
}

SelectResult Selection::run() {
  lock_all();
  if (try_ready()) return result();
  if (request_.otherwise != kNoCase || has_passed(request_.deadline)) {
    unlock_all();
    return {request_.otherwise != kNoCase ? request_.otherwise : request_.timeout, false};
  }
  if (needs_boxes()) {
    unlock_all();
    make_boxes();
    lock_all();
    if (try_ready()) return result();
  }
  park();
  return result();
}

}  // namespace

SelectResult select(const SelectRequest& request) { return Selection(request).run(); }

}  // namespace fiber::internal
