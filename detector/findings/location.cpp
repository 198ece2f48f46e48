#include "detector/findings/location.h"

#include <fcntl.h>
#include <link.h>
#include <unistd.h>

#include <cstdio>

#include "detector/clock/lane.h"
#include "detector/findings/describe.h"
#include "detector/history/history.h"
#include "detector/process/main_thread.h"
#include "detector/race/attached_threads.h"
#include "detector/race/thread.h"
#include "detector/symbolize/trace.h"

namespace fibersan {
namespace {

// The frame that an address of a stack lies in.
struct FramePlace {
  uintptr_t pc = 0;  // a return address into the function; 0: not known
  uintptr_t frame_pointer = 0;
};

struct Frame {
  uintptr_t caller;
  uintptr_t return_address;
};

// `frame` belongs to a function that was called from `pc`. Reads what is above it only.
FramePlace find_frame(const void* frame, uintptr_t pc, StackBounds bounds, uintptr_t address) {
  auto at = reinterpret_cast<uintptr_t>(frame);
  for (unsigned depth = 0; depth < kMaxFrames; ++depth) {
    if (at < bounds.low || at + sizeof(Frame) > bounds.high || at % sizeof(uintptr_t) != 0) break;
    const auto* here = reinterpret_cast<const Frame*>(at);
    if (depth != 0) pc = here->return_address;
    if (here->caller <= at || here->caller >= bounds.high) break;
    at = here->caller;
    // Locals lie below the saved frame pointer.
    if (address < at) return {pc, at};
  }
  return {};
}

struct StackSearch {
  uintptr_t address;
  const CurrentAccess* access;
  uint64_t owner = kNoFiberId;
  FramePlace place;
};

// While it is visited the fiber cannot end, so its stack stays mapped.
void look_in_stack(const fsan_fiber& fiber, void* data) {
  auto& search = *static_cast<StackSearch*>(data);
  if (search.address < fiber.stack.low || search.address >= fiber.stack.high) return;
  search.owner = fiber.info->id;
  if (&fiber == search.access->fiber) {
    search.place = find_frame(search.access->frame, search.access->pc, fiber.stack, search.address);
  } else if (fiber.waiting.active) {
    search.place = find_frame(fiber.waiting.frame, fiber.waiting.pc, fiber.stack, search.address);
  }
}

void describe_frame(FindingScope& scope, const StackSearch& search, ReportLocation& location) {
  if (search.place.pc == 0) return;
  const std::vector<SourceFrame>& frames = scope.symbolizer().code(search.place.pc - 1);
  // The outermost of those inlined into each other is the function that has the frame.
  location.function = frames.back().function;
  for (LocalVariable& local : scope.symbolizer().locals(search.place.pc - 1)) {
    const uintptr_t low = search.place.frame_pointer + static_cast<uintptr_t>(local.offset);
    if (search.address < low || search.address - low >= local.size) continue;
    location.variable = local.name;
    // Of an inlined function the symbolizer says the bare name.
    for (const SourceFrame& frame : frames) {
      if (frame.function.find(local.function) == std::string::npos ||
          frame.file != local.where.file)
        continue;
      location.function = frame.function;
      break;
    }
    location.address = low;
    location.size = local.size;
    location.offset = search.address - low;
    location.where = local.where;
    return;
  }
}

ReportFree describe_free(FindingScope& scope, const HeapBlock& block) {
  const BlockFree& free = *block.free;
  ReportFree unseen = {fiber_name(free.fiber_id), {}};
  unseen.stack.lost_why = "not recorded: before other fibers and threads, or of a library's block";
  if (!free.has_stamp) return unseen;
  ReportFree result;
  const std::optional<PastAccess> past =
      find_whole_write(free.lane, free.epoch, block.address, block.size);
  result.fiber = fiber_name(past ? past->fiber_id
                                 : lane_table.owner(free.lane, free.epoch).value_or(kNoFiberId));
  if (past) result.stack = make_trace(scope.symbolizer(), past->stack);
  if (result.stack.frames.empty()) result.stack.lost_why = no_longer_in_history();
  return result;
}

std::optional<ReportLocation> in_heap(FindingScope& scope, uintptr_t address,
                                      const HeapBlock& block) {
  ReportLocation location;
  location.kind = ReportLocation::Kind::kHeapBlock;
  location.address = block.address;
  location.size = block.size;
  location.offset = address - block.address;
  location.freed = block.freed;
  if (block.free) location.free = describe_free(scope, block);
  location.fiber = fiber_name(block.fiber_id);
  location.allocated =
      make_trace(scope.symbolizer(), stack_of_id(block.allocated), TraceOf::kCreation);
  return location;
}

std::optional<ReportLocation> in_global(FindingScope& scope, uintptr_t address) {
  std::optional<GlobalVariable> global = scope.symbolizer().data(address);
  if (!global) return std::nullopt;
  ReportLocation location;
  location.kind = ReportLocation::Kind::kGlobal;
  location.address = global->address;
  location.size = global->size;
  location.offset = address - global->address;
  location.global = global->name;
  location.where = global->where;
  return location;
}

std::optional<ReportLocation> in_stack(FindingScope& scope, const CurrentAccess& access) {
  StackSearch search{access.address, &access, kNoFiberId, {}};
  for_each_fiber(look_in_stack, &search);
  if (search.owner == kNoFiberId && main_thread_stack_contains(access.address)) {
    search.owner = kMainThreadId;
    if (access.fiber->info->id == kMainThreadId)
      search.place = find_frame(access.frame, access.pc, access.fiber->stack, access.address);
  }
  if (search.owner == kNoFiberId) {
    search.owner = thread_of_stack_address(access.address);
    if (search.owner == access.fiber->info->id)
      search.place = find_frame(access.frame, access.pc, access.fiber->stack, access.address);
  }
  if (search.owner == kNoFiberId) return std::nullopt;
  ReportLocation location;
  location.kind = ReportLocation::Kind::kStack;
  location.fiber = fiber_name(search.owner);
  describe_frame(scope, search, location);
  return location;
}

// The calling thread's copies of thread_local variables.
bool is_thread_local_here(uintptr_t address) {
  struct Search {
    uintptr_t address;
    bool found;
  } search{address, false};
  dl_iterate_phdr(
      [](dl_phdr_info* info, size_t, void* data) {
        auto& wanted = *static_cast<Search*>(data);
        for (int i = 0; i < info->dlpi_phnum; ++i) {
          if (info->dlpi_phdr[i].p_type != PT_TLS) continue;
          const auto low = reinterpret_cast<uintptr_t>(info->dlpi_tls_data);
          if (low != 0 && wanted.address - low < info->dlpi_phdr[i].p_memsz) wanted.found = true;
        }
        return 0;
      },
      &search);
  return search.found;
}

std::optional<ReportLocation> in_thread_local(const CurrentAccess& access) {
  if (!is_thread_local_here(access.address)) return std::nullopt;
  ReportLocation location;
  location.kind = ReportLocation::Kind::kThreadLocal;
  location.fiber = fiber_name(access.fiber->info->id);
  return location;
}

std::optional<ReportLocation> in_mapping(uintptr_t address) {
  FILE* maps = fopen("/proc/self/maps", "re");
  if (maps == nullptr) return std::nullopt;
  std::optional<ReportLocation> location;
  char line[4096];
  while (!location && fgets(line, sizeof line, maps) != nullptr) {
    unsigned long low = 0;
    unsigned long high = 0;
    int path = 0;
    if (sscanf(line, "%lx-%lx %*s %*s %*s %*s %n", &low, &high, &path) < 2) continue;
    if (address < low || address >= high) continue;
    location.emplace();
    location->kind = ReportLocation::Kind::kMapped;
    location->address = low;
    location->size = high - low;
    if (path != 0) location->mapping = line + path;
    while (!location->mapping.empty() && location->mapping.back() == '\n')
      location->mapping.pop_back();
  }
  fclose(maps);
  return location;
}

}  // namespace

std::optional<ReportLocation> describe_location(FindingScope& scope, const CurrentAccess& access,
                                                const std::optional<HeapBlock>& block) {
  if (block) return in_heap(scope, access.address, *block);
  if (auto location = in_global(scope, access.address)) return location;
  // The C library keeps a thread's thread_local variables at the top of its stack.
  if (auto location = in_thread_local(access)) return location;
  if (auto location = in_stack(scope, access)) return location;
  return in_mapping(access.address);
}

}  // namespace fibersan
