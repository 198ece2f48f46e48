// page.h: the size in which x86-64 maps memory.
#ifndef FIBERSAN_DETECTOR_PAGE_H
#define FIBERSAN_DETECTOR_PAGE_H

#include <cstdint>

namespace fibersan {

inline constexpr uintptr_t kPage = 4096;  // bytes

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_PAGE_H
