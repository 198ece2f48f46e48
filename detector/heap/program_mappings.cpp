#include "detector/heap/program_mappings.h"

#include <algorithm>

#include "detector/history/mapping.h"

namespace fibersan {

constinit ProgramMappings program_mappings;
constinit ProgramMappings shared_mappings;

bool ProgramMappings::make_room() {
  if (count_ < room_) return true;
  const size_t room = room_ == 0 ? 256 : room_ * 2;
  auto* const larger = static_cast<AddressRange*>(try_map_memory(room * sizeof(AddressRange)));
  if (larger == nullptr) {
    incomplete_ = true;
    return false;
  }
  std::copy_n(ranges_, count_, larger);
  if (ranges_ != nullptr) unmap_memory(ranges_, room_ * sizeof(AddressRange));
  ranges_ = larger;
  room_ = room;
  return true;
}

void ProgramMappings::insert(size_t place, AddressRange range) {
  if (!make_room()) return;
  std::copy_backward(ranges_ + place, ranges_ + count_, ranges_ + count_ + 1);
  ranges_[place] = range;
  ++count_;
}

// What overlaps is cut off, or in two.
void ProgramMappings::remove_locked(AddressRange range) {
  AddressRange* const end = ranges_ + count_;
  AddressRange* at = std::partition_point(
      ranges_, end, [&](const AddressRange& known) { return known.high <= range.low; });
  if (at == end || at->low >= range.high) return;
  if (at->low < range.low) {
    const AddressRange rest = {range.high, at->high};
    at->high = range.low;
    if (rest.low < rest.high)
      return insert(static_cast<size_t>(at - ranges_) + 1, rest);  // the hole is inside of it
    ++at;
  }
  AddressRange* const kept = std::partition_point(
      at, end, [&](const AddressRange& known) { return known.high <= range.high; });
  if (kept != end && kept->low < range.high) kept->low = range.high;
  std::copy(kept, end, at);
  count_ -= static_cast<size_t>(kept - at);
}

void ProgramMappings::add(AddressRange range) {
  SpinGuard guard(lock_);
  remove_locked(range);
  const AddressRange* const place =
      std::partition_point(ranges_, ranges_ + count_,
                           [&](const AddressRange& known) { return known.high <= range.low; });
  insert(static_cast<size_t>(place - ranges_), range);
}

bool ProgramMappings::contains(uintptr_t address) {
  SpinGuard guard(lock_);
  const AddressRange* const end = ranges_ + count_;
  const AddressRange* const at = std::partition_point(
      ranges_, ranges_ + count_, [&](const AddressRange& known) { return known.high <= address; });
  return at != end && at->contains(address);
}

void ProgramMappings::remove(AddressRange range) {
  SpinGuard guard(lock_);
  remove_locked(range);
}

}  // namespace fibersan
