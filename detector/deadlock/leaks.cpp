#include "detector/deadlock/leaks.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <span>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "detector/deadlock/mapped_array.h"
#include "detector/deadlock/waiters.h"
#include "detector/findings/findings.h"
#include "detector/process/options.h"

namespace fibersan {
namespace {

constexpr size_t kNameSize = 128;

// From the stop of the world until it moves again.
struct Noted {
  MappedArray<Waiter> waiters;
  size_t told = 0;      // L2
  size_t nameless = 0;  // there was no memory to say who they are
  bool of_scope = false;
  char scope[kNameSize] = {};
};
constinit Noted noted;

void make_room(size_t count) {
  noted.waiters.make_room(count);
  noted.told = 0;
}

// L1 beyond what the runtime calls blocked.
bool may_leak(const fsan_world_fiber& fiber) {
  return fiber.activity == FSAN_ACTIVITY_BLOCKED && fiber.fiber != nullptr &&
         fiber.fiber->waiting.active() && !stays_on_purpose(*fiber.fiber);
}

void note(const fsan_fiber& fiber) {
  // relaxed: nobody moves.
  if (fiber.waiting.reported.exchange(true, std::memory_order_relaxed)) {
    ++noted.told;
  } else if (!noted.waiters.full()) {
    noted.waiters.push(read_waiter(fiber));
  }
}

std::string why() {
  if (!noted.of_scope)
    return "still blocked when main's function returned; what could have woken them was still "
           "there";
  return std::string("created in leak scope '") + noted.scope + "' and still blocked at its end";
}

// Never destroyed: findings come until the very end.
std::unordered_set<uint64_t>& suppressed() {
  static auto* const fingerprints = new std::unordered_set<uint64_t>;
  return *fingerprints;
}

// How many count.
size_t report_group(FindingScope& scope, const std::vector<Waiter>& group) {
  const uint64_t print = fingerprint(FSAN_FINDING_FIBER_LEAK, {place_of(group[0])});
  if (suppressed().contains(print)) return 0;
  if (!scope.is_new(print)) return group.size();
  Report report;
  describe_waiters(scope, group, {}, report, 1);
  report.notes.push_back(why());
  if (scope.publish(FSAN_FINDING_FIBER_LEAK, report)) return group.size();
  suppressed().insert(print);
  return 0;
}

size_t report_groups() {
  const std::span<const Waiter> waiters = noted.waiters.all();
  if (waiters.empty()) return 0;
  if (!may_report()) return waiters.size();
  FindingScope scope;
  std::map<WaitPlace, std::vector<Waiter>> groups;
  for (const Waiter& waiter : waiters) groups[place_of(waiter)].push_back(waiter);
  std::map<uint64_t, const std::vector<Waiter>*> by_oldest;
  for (const auto& [place, group] : groups) {
    const auto oldest = std::min_element(
        group.begin(), group.end(), [](const Waiter& a, const Waiter& b) { return a.id < b.id; });
    by_oldest.emplace(oldest->id, &group);
  }
  size_t count = 0;
  for (const auto& [oldest, group] : by_oldest) count += report_group(scope, *group);
  return count;
}

size_t report_nameless() {
  dprintf(STDERR_FILENO,
          "FiberSan: no memory to report the leaks of scope '%s': %zu fibers still blocked at its "
          "end\n",
          noted.scope, noted.nameless);
  noted.of_scope = false;
  return std::exchange(noted.nameless, 0);
}

}  // namespace

bool stays_on_purpose(const fsan_fiber& fiber) {
  return fiber.waiting.reason == FSAN_WAIT_SELECT && fiber.waiting.count == 0;
}

void note_leaks_of_scope(const fsan_world& world) {
  make_room(world.leak_count);
  noted.of_scope = true;
  noted.nameless = noted.waiters.in_use() ? 0 : world.leak_count;
  size_t length = 0;
  for (; length < kNameSize - 1 && world.leak_scope[length] != '\0'; ++length)
    noted.scope[length] = world.leak_scope[length];
  noted.scope[length] = '\0';
  const fsan_leak* const end = world.leaks + world.leak_count;
  for (size_t i = 0; i < world.fiber_count; ++i) {
    const fsan_world_fiber& fiber = world.fibers[i];
    const fsan_leak* const leak = std::lower_bound(
        world.leaks, end, fiber.id, [](const fsan_leak& one, uint64_t id) { return one.id < id; });
    if (leak != end && leak->id == fiber.id && leak->wait == fiber.wait && may_leak(fiber))
      note(*fiber.fiber);
  }
}

void note_leaks_of_run(const fsan_world& world, const Marking* marking) {
  if (world.run_is_over == 0 || options.detect_leaks == 0) return;
  make_room(world.fiber_count);
  for (uint32_t i = 0; i < world.fiber_count; ++i) {
    const bool dead = marking != nullptr && marking->is_dead(i);
    if (!dead && may_leak(world.fibers[i])) note(*world.fibers[i].fiber);
  }
}

std::optional<size_t> report_leaks() {
  if (noted.nameless != 0) return report_nameless();
  if (!noted.waiters.in_use()) return std::nullopt;
  const size_t count = report_groups() + noted.told;
  const bool of_scope = noted.of_scope;
  noted.waiters.give_back();
  noted.of_scope = false;
  if (!of_scope) return std::nullopt;
  return count;
}

}  // namespace fibersan
