#include "detector/deadlock/suspects.h"

#include <algorithm>
#include <utility>

namespace fibersan {

const Suspects::Suspect* Suspects::find(const DeadFiber& dead) const {
  const std::span<const Suspect> all = suspects_.all();
  const auto at = std::lower_bound(
      all.begin(), all.end(), dead,
      [](const Suspect& one, const DeadFiber& wanted) { return is_before(one.dead, wanted); });
  if (at == all.end() || at->dead.id != dead.id || at->dead.wait != dead.wait) return nullptr;
  return &*at;
}

std::span<const DeadFiber> Suspects::judge(std::span<const DeadFiber> dead, uint64_t now_ms,
                                           bool run_is_over) {
  confirmed_.make_room(dead.size());
  MappedArray<DeadFiber> sorted;
  sorted.make_room(dead.size());
  for (const DeadFiber& one : dead) sorted.push(one);
  std::sort(sorted.begin(), sorted.end(), is_before);
  MappedArray<Suspect> now;
  now.make_room(dead.size());
  for (const DeadFiber& one : sorted.all()) {
    const Suspect* const before = find(one);
    const uint64_t since = before == nullptr ? now_ms : before->since;
    now.push({one, since});
    if (run_is_over || now_ms - since >= kBetweenLooks) confirmed_.push(one);
  }
  sorted.give_back();
  std::swap(suspects_, now);
  now.give_back();
  return confirmed_.all();
}

void Suspects::forget() {
  suspects_.give_back();
  confirmed_.give_back();
}

}  // namespace fibersan
