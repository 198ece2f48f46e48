// select over several channels. It looks for an operation that is ready, first by hints and
// with the lock of the channel chosen alone, then with all of them locked; with none ready it
// parks in all their queues, and whoever claims it first (one claim for all cases, waiter.h
// I1) serves one case. Then it leaves the other queues.
//
// Invariants
//   L1  Several locks are taken in ascending order of address, each once even when a channel
//       has several cases.
//   L2  The lock of the channel taken is released last: after that the other side may know
//       that the operation is over.
//   L3  The cases hold references to their channels (fiber/select.h).
//   L4  That nothing is ready is decided under all locks: a value that goes round the
//       channels is always in one of them, and looking at one after the other may miss it.
//   L5  Cases keep the order of the program, whatever the addresses: a seed repeats its choices.
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
  bool looks_ready() const { return is_send() ? core->can_send() : core->can_receive(); }
};

class Selection {
 public:
  explicit Selection(const SelectRequest& request);
  ~Selection();
  Selection(const Selection&) = delete;
  Selection& operator=(const Selection&) = delete;

  SelectResult run();

 private:
  struct Taken {
    Case* by;
    Attempt attempt;
  };
  enum class Locked : bool { kOne, kAll };

  void sort_locks();
  void lock_all();
  void unlock_all(const ChannelCore* last = nullptr);
  static void unlock_all_saved(void* selection) {
    static_cast<Selection*>(selection)->unlock_all();
  }
  Case* choose_ready() const;
  bool take(Case* c, Locked locked);
  bool try_ready();
  bool try_ready_by_hints();
  bool needs_boxes() const;
  void make_boxes();
  void park();
  void leave_queues(const ChannelWaiter* winner);
  SelectResult result() const;

  const SelectRequest& request_;
  size_t count_ = 0;  // cases whose channel is not nil
  size_t lock_count_ = 0;
  static constexpr size_t kSmall = 6;
  Case small_[kSmall];
  const void* small_objects_[kSmall];
  ChannelCore* small_locks_[kSmall];
  std::unique_ptr<Case[]> large_;
  std::unique_ptr<const void*[]> large_objects_;
  std::unique_ptr<ChannelCore*[]> large_locks_;
  Case* cases_ = small_;
  const void** objects_ = small_objects_;
  ChannelCore** locks_ = small_locks_;  // distinct, in the order of L1
  Taken taken_{nullptr, Attempt::kBlocks};
};

Selection::Selection(const SelectRequest& request) : request_(request) {
  if (request.count > kSmall) {
    large_ = std::make_unique<Case[]>(request.count);
    cases_ = large_.get();
    large_objects_ = std::make_unique<const void*[]>(request.count);
    objects_ = large_objects_.get();
    large_locks_ = std::make_unique<ChannelCore*[]>(request.count);
    locks_ = large_locks_.get();
  }
  for (size_t i = 0; i < request.count; ++i) {
    const SelectOperation& operation = request.operations[i];
    if (operation.core == nullptr) continue;
    cases_[count_].core = operation.core;
    cases_[count_].operation = &operation;
    ++count_;
  }
}

// What was put into a box and not sent goes back to its owner.
Selection::~Selection() {
  for (size_t i = 0; i < count_; ++i) {
    if (cases_[i].box != nullptr)
      cases_[i].core->put_back(cases_[i].box, cases_[i].operation->element);
  }
}

// By insertion: there are few.
void Selection::sort_locks() {
  for (size_t i = 0; i < count_; ++i) {
    ChannelCore* core = cases_[i].core;
    size_t place = lock_count_;
    while (place > 0 && locks_[place - 1] > core) --place;
    if (place > 0 && locks_[place - 1] == core) continue;
    for (size_t j = lock_count_++; j > place; --j) locks_[j] = locks_[j - 1];
    locks_[place] = core;
  }
}

void Selection::lock_all() FIBER_NO_THREAD_SAFETY_ANALYSIS {
  if (lock_count_ == 0) sort_locks();
  for (size_t i = 0; i < lock_count_; ++i) locks_[i]->lock_.lock();
}

void Selection::unlock_all(const ChannelCore* last) FIBER_NO_THREAD_SAFETY_ANALYSIS {
  ChannelCore* kept = nullptr;
  for (size_t i = lock_count_; i-- > 0;) {
    if (locks_[i] == last)
      kept = locks_[i];
    else
      locks_[i]->lock_.unlock();
  }
  if (kept != nullptr) kept->lock_.unlock();
}

// Uniformly among those that look ready; null: none does.
Case* Selection::choose_ready() const {
  uint64_t ready_mask = 0;  // of the first 64; the others are looked at again
  size_t ready = 0;
  for (size_t i = 0; i < count_; ++i) {
    if (!cases_[i].looks_ready()) continue;
    ++ready;
    if (i < 64) ready_mask |= uint64_t{1} << i;
  }
  if (ready == 0) return nullptr;
  size_t pick = ready == 1 ? 0 : choose(Choice::kSelectCase, static_cast<uint32_t>(ready));
  for (size_t i = 0; i < count_; ++i) {
    const bool here = i < 64 ? (ready_mask >> i & 1) != 0 : cases_[i].looks_ready();
    if (here && pick-- == 0) return &cases_[i];
  }
  return nullptr;  // without locks: it is ready no more
}

// True: it was taken, and the locks are released. False: it blocks, and they are kept.
bool Selection::take(Case* c, Locked locked) FIBER_NO_THREAD_SAFETY_ANALYSIS {
  Waiter* partner = nullptr;
  const Attempt attempt = c->is_send() ? c->core->try_send(c->element(), partner)
                                       : c->core->try_receive(c->element(), partner);
  if (attempt == Attempt::kBlocks) return false;
  if (locked == Locked::kOne)
    c->core->lock_.unlock();
  else
    unlock_all(c->core);
  if (partner != nullptr) partner->state->wake();
  if (attempt == Attempt::kDone && c->box != nullptr) {
    c->core->free_box(c->box);
    c->box = nullptr;
  }
  taken_ = {c, attempt};
  return true;
}

// All are locked. True: one was taken, and the locks are released.
bool Selection::try_ready() {
  while (Case* c = choose_ready())
    if (take(c, Locked::kAll)) return true;  // else its partners were all claimed elsewhere
  return false;
}

// None is locked, before and after. False tells nothing (L4).
bool Selection::try_ready_by_hints() FIBER_NO_THREAD_SAFETY_ANALYSIS {
  Case* c = choose_ready();
  if (c == nullptr) return false;
  c->core->lock_.lock();
  if (take(c, Locked::kOne)) return true;
  c->core->lock_.unlock();
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
  if (!served) winner = nullptr;
  leave_queues(winner);
  for (size_t i = 0; i < count_; ++i) {
    Case& c = cases_[i];
    if (&*c.waiter == winner) {
      c.core->acquire_partner(*winner, c.is_send());
      taken_ = {&c, winner->closed ? Attempt::kClosed : Attempt::kDone};
      if (!winner->closed) c.box = nullptr;  // gone with its value
    }
    c.core->leave(*c.waiter);
  }
}

// The winner has been taken out by whoever claimed it. The others may be found by partners
// until then, who cannot claim them any more.
void Selection::leave_queues(const ChannelWaiter* winner) {
  for (size_t i = 0; i < count_; ++i) {
    if (&*cases_[i].waiter == winner) continue;
    SpinGuard guard(cases_[i].core->lock_);
    cases_[i].core->dequeue(*cases_[i].waiter, cases_[i].is_send());
  }
}

SelectResult Selection::result() const {
  if (taken_.by == nullptr) return {request_.timeout, false};
  if (taken_.by->is_send() && taken_.attempt == Attempt::kClosed) send_on_closed(taken_.by->core);
  return {taken_.by->operation->index, taken_.attempt == Attempt::kDone};
}

SelectResult Selection::run() {
  if (try_ready_by_hints()) return result();
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
