#include "runtime/world/root_regions.h"

#include <algorithm>

#include "fiber/debug.h"

namespace fiber {
namespace internal {

[[clang::no_destroy]] constinit RootRegions root_regions;

void RootRegions::add(const fsan_range& range) {
  SpinGuard guard(lock_);
  regions_.push_back(range);
}

void RootRegions::remove(const fsan_range& range) {
  SpinGuard guard(lock_);
  const auto found = std::find_if(regions_.begin(), regions_.end(), [&](const fsan_range& one) {
    return one.low == range.low && one.high == range.high;
  });
  if (found == regions_.end()) return;
  *found = regions_.back();
  regions_.pop_back();
}

namespace {

fsan_range range_of(const void* memory, std::size_t size) {
  return {memory, static_cast<const char*>(memory) + size};
}

}  // namespace
}  // namespace internal

RootRegion::RootRegion(const void* memory, std::size_t size) : memory_(memory), size_(size) {
  internal::root_regions.add(internal::range_of(memory, size));
}
RootRegion::~RootRegion() { internal::root_regions.remove(internal::range_of(memory_, size_)); }
RootRegion root_region(const void* memory, std::size_t size) { return {memory, size}; }

}  // namespace fiber
