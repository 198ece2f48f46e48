#include "detector/history/ring.h"

#include <algorithm>
#include <bit>

#include "detector/history/mapping.h"

namespace fibersan {
namespace {

std::atomic<const Ring*> newest_ring{nullptr};

}  // namespace

void Ring::open(unsigned log2_events) {
  // At least two repeated headers fit, so that some segment is always known (R2).
  uint64_t size = std::max(uint64_t{1} << log2_events, 2 * kSegmentRepeat);
  events_ = static_cast<RingEvent*>(map_memory(size * sizeof(RingEvent), "the access history"));
  mask_ = size - 1;
  next_ = newest_ring.load(std::memory_order_relaxed);
  // release [O1]: events_ and mask_ come before the ring is known. Pairs with [O2].
  while (!newest_ring.compare_exchange_weak(next_, this, std::memory_order_release,
                                            std::memory_order_relaxed)) {
  }
}

void Ring::record_wide(uintptr_t address, uint64_t size, bool write, bool atomic,
                       uint64_t context) {
  // Greedy: the ten leading bits of what is left, so four pieces cover any size below 2^25.
  while (size > 0) {
    unsigned exponent = 0;
    if (size > kMaxMantissa) exponent = static_cast<unsigned>(std::bit_width(size)) - kMantissaBits;
    exponent = std::min(exponent, kMaxExponent);
    uint64_t mantissa = std::min(size >> exponent, kMaxMantissa);
    put(access_first(address, mantissa | uint64_t{exponent} << kMantissaBits, write, atomic),
        context);
    address += mantissa << exponent;
    size -= mantissa << exponent;
  }
}

const Ring* first_ring() {
  return newest_ring.load(std::memory_order_acquire);  // [O2], pairs with [O1]
}

}  // namespace fibersan
