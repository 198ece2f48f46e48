#include "detector/shadow/pagemap.h"

#include <sys/ioctl.h>

namespace fibersan {
namespace {

struct ScanArguments {
  uint64_t size;
  uint64_t flags;
  uint64_t start;
  uint64_t end;
  uint64_t walk_end;
  uint64_t regions;
  uint64_t region_count;
  uint64_t max_pages;
  uint64_t category_inverted;
  uint64_t category_mask;
  uint64_t category_anyof_mask;
  uint64_t return_mask;
};
constexpr unsigned long kPagemapScan = _IOWR('f', 16, ScanArguments);
constexpr uint64_t kIsPresent = 1u << 3;
constexpr uint64_t kIsSwapped = 1u << 4;
constexpr uint64_t kIsZeroPage = 1u << 5;

}  // namespace

int scan_pagemap(int pagemap, uintptr_t& from, uintptr_t end, PageRegion* regions, unsigned room) {
  ScanArguments arguments = {};
  arguments.size = sizeof arguments;
  arguments.start = from;
  arguments.end = end;
  arguments.regions = reinterpret_cast<uint64_t>(regions);
  arguments.region_count = room;
  arguments.category_inverted = kIsZeroPage;
  arguments.category_mask = kIsZeroPage;
  arguments.category_anyof_mask = kIsPresent | kIsSwapped;
  arguments.return_mask = kIsPresent;
  const int got = ioctl(pagemap, kPagemapScan, &arguments);
  if (got >= 0) from = arguments.walk_end;
  return got;
}

}  // namespace fibersan
