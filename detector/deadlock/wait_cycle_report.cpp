// wait_cycle_report.cpp: a ring of waiting fibers as a finding.
//
// Not here: whether there is one, see wait_cycle.h.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "detector/deadlock/wait_cycle.h"
#include "detector/deadlock/waiters.h"
#include "detector/findings/describe.h"
#include "detector/findings/findings.h"
#include "detector/race/blocks.h"
#include "detector/report/render_text.h"
#include "detector/symbolize/trace.h"

namespace fibersan {
namespace {

struct Member {
  Waiter waiter = {};
  std::vector<HeldLock> locks;  // room for all it holds
};

void count_locks(const fsan_fiber& fiber, void* data) {
  *static_cast<size_t*>(data) = fiber.held_locks.size();
}

void read_member(const fsan_fiber& fiber, void* data) {
  auto& member = *static_cast<Member*>(data);
  fiber.waiting.reported.store(true, std::memory_order_relaxed);
  member.waiter = read_waiter(fiber);
  const auto locks = fiber.held_locks.all();
  const size_t count = std::min(locks.size(), member.locks.size());
  std::copy_n(locks.begin(), count, member.locks.begin());
  member.locks.resize(count);
}

// Nobody of the ring goes on, so all still live; under the list's lock nothing is allocated.
std::vector<Member> read_members(const WaitCycle& cycle) {
  std::vector<Member> members(cycle.count);
  for (size_t i = 0; i < cycle.count; ++i) {
    size_t locks = 0;
    visit_live_fiber(cycle.links[i].fiber, count_locks, &locks);
    members[i].locks.resize(locks);
    visit_live_fiber(cycle.links[i].fiber, read_member, &members[i]);
  }
  return members;
}

// The same ring wherever it is entered.
uint64_t fingerprint(const std::vector<Member>& members) {
  std::vector<StackId> stacks;
  for (const Member& member : members) stacks.push_back(member.waiter.stack);
  std::sort(stacks.begin(), stacks.end());
  uint64_t hash = FSAN_FINDING_PARTIAL_DEADLOCK + 1;
  for (const StackId stack : stacks) hash = (hash ^ stack) * 0x9e3779b97f4a7c15u;
  return hash;
}

// What this one holds and the one before it waits for.
std::vector<HeldLock> wanted_locks(const Member& before, const Member& member) {
  std::vector<HeldLock> wanted;
  std::copy_if(member.locks.begin(), member.locks.end(), std::back_inserter(wanted),
               [&](const HeldLock& held) { return held.lock == before.waiter.objects[0]; });
  return wanted;
}

std::string ring_in_words(const std::vector<Member>& members) {
  std::string text = render_fiber(fiber_name(members[0].waiter.id));
  for (size_t i = 1; i <= members.size(); ++i) {
    text += i == 1 ? " waits for " : ", which waits for ";
    text += render_fiber(fiber_name(members[i % members.size()].waiter.id));
  }
  return text;
}

// A fiber that waits for a lock of its own: a double lock, which has been reported.
bool is_misuse(const std::vector<Member>& members) {
  return members.size() == 1 && is_lock_wait(members[0].waiter.reason);
}

void report_ring(const WaitCycle& cycle) {
  FindingScope scope;
  const std::vector<Member> members = read_members(cycle);
  if (is_misuse(members) || !scope.is_new(fingerprint(members))) return;
  Report report;
  for (size_t i = 0; i < members.size(); ++i) {
    const Member& next = members[(i + 1) % members.size()];
    const Member& before = members[(i + members.size() - 1) % members.size()];
    Holders holders;
    if (members[i].waiter.reason != FSAN_WAIT_JOIN)
      holders.emplace(members[i].waiter.objects[0], next.waiter.id);
    ReportWaiters entry = describe_waiter(scope, members[i].waiter, holders);
    entry.mutexes = describe_held(scope, wanted_locks(before, members[i]), report.mutexes);
    report.waiters.push_back(std::move(entry));
  }
  report.notes.push_back(ring_in_words(members));
  report.summary = summary_frame(report.waiters[0].stack.frames);
  scope.publish(FSAN_FINDING_PARTIAL_DEADLOCK, report);
}

}  // namespace

void fiber_blocks(const fsan_fiber& fiber) {
  // Before there is a WaitCycle: making one was 4 % of a round trip through channels.
  if (!is_ring_reason(fiber.waiting.reason)) return;
  WaitCycle cycle;
  if (find_wait_cycle(fiber, cycle) && may_report()) report_ring(cycle);
}

}  // namespace fibersan
