#include "detector/deadlock/partial.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "detector/findings/findings.h"
#include "detector/race/held_locks.h"

namespace fibersan {
namespace {

// Which waiters have to do with each other: Tarjan's disjoint sets.
class Sets {
 public:
  explicit Sets(size_t count) : parent_(count) {
    for (size_t i = 0; i < count; ++i) parent_[i] = i;
  }
  size_t find(size_t i) {
    while (parent_[i] != i) i = parent_[i] = parent_[parent_[i]];
    return i;
  }
  void join(size_t a, size_t b) { parent_[find(std::max(a, b))] = find(std::min(a, b)); }

 private:
  std::vector<size_t> parent_;
};

std::vector<std::vector<Waiter>> sets_of(const std::vector<Waiter>& dead, const Holders& holders) {
  Sets sets(dead.size());
  std::map<WaitPlace, size_t> by_place;
  std::map<const void*, size_t> by_object;
  std::map<uint64_t, size_t> by_id;
  for (size_t i = 0; i < dead.size(); ++i) by_id.emplace(dead[i].id, i);
  auto join_fiber = [&](size_t i, uint64_t id) {
    const auto other = by_id.find(id);
    if (other != by_id.end()) sets.join(i, other->second);
  };
  for (size_t i = 0; i < dead.size(); ++i) {
    const Waiter& waiter = dead[i];
    sets.join(i, by_place.emplace(place_of(waiter), i).first->second);
    if (waiter.waits_for != 0) join_fiber(i, waiter.waits_for);
    for (size_t j = 0; j < waiter.count; ++j) {
      if (waiter.objects[j] == nullptr) continue;
      sets.join(i, by_object.emplace(waiter.objects[j], i).first->second);
      const auto [first, last] = holders.equal_range(waiter.objects[j]);
      for (auto holder = first; holder != last; ++holder) join_fiber(i, holder->second);
    }
  }
  std::map<size_t, std::vector<Waiter>> members;
  for (size_t i = 0; i < dead.size(); ++i) members[sets.find(i)].push_back(dead[i]);
  std::vector<std::vector<Waiter>> result;
  result.reserve(members.size());
  for (auto& [first, set] : members) result.push_back(std::move(set));
  return result;
}

// P1
uint64_t fingerprint_of(const std::vector<Waiter>& set) {
  std::vector<WaitPlace> places;
  places.reserve(set.size());
  for (const Waiter& waiter : set) places.push_back(place_of(waiter));
  return fingerprint(FSAN_FINDING_PARTIAL_DEADLOCK, std::move(places));
}

bool waits_for_nothing(const Waiter& waiter) {
  return std::all_of(waiter.objects, waiter.objects + waiter.count,
                     [](const void* object) { return object == nullptr; });
}

bool waits_for_lock_of_ended(const Waiter& waiter) {
  return is_lock_wait(waiter.reason) && waiter.count == 1 && left_locked(waiter.objects[0]);
}

std::string why_for_ever(const std::vector<Waiter>& set, bool run_is_over) {
  if (std::all_of(set.begin(), set.end(), waits_for_nothing))
    return "nothing can ever happen to a nil channel, or to a select without cases";
  if (std::any_of(set.begin(), set.end(), waits_for_lock_of_ended))
    return "a lock that is waited for is held by a fiber that has ended";
  std::string why = "no fiber or thread that still runs, no global, timer or descriptor leads to ";
  why += "what would wake ";
  why += set.size() == 1 ? "it" : "them";
  return run_is_over ? why + ", now that main's function has returned" : why;
}

void report_set(FindingScope& scope, const std::vector<Waiter>& set, const Holders& holders,
                bool run_is_over) {
  if (!scope.is_new(fingerprint_of(set))) return;
  Report report;
  describe_waiters(scope, set, holders, report, 1);
  report.notes.push_back(why_for_ever(set, run_is_over));
  scope.publish(FSAN_FINDING_PARTIAL_DEADLOCK, report);
}

}  // namespace

void report_partial_deadlocks(std::span<const Waiter> dead, std::span<const Hold> holds,
                              bool run_is_over) {
  if (dead.empty() || !may_report()) return;
  FindingScope scope;
  std::vector<Waiter> sorted(dead.begin(), dead.end());
  std::sort(sorted.begin(), sorted.end(),
            [](const Waiter& a, const Waiter& b) { return a.id < b.id; });
  Holders holders;
  for (const Hold& hold : holds) holders.emplace(hold.lock, hold.fiber_id);
  for (const std::vector<Waiter>& set : sets_of(sorted, holders))
    report_set(scope, set, holders, run_is_over);
}

}  // namespace fibersan
