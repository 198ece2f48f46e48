#include "detector/findings/location.h"

#include <algorithm>
#include <cstdio>

#include "detector/clock/lane.h"
#include "detector/findings/describe.h"
#include "detector/findings/frame_place.h"
#include "detector/findings/thread_local_place.h"
#include "detector/history/history.h"
#include "detector/process/main_thread.h"
#include "detector/race/thread.h"
#include "detector/race/thread_records.h"
#include "detector/symbolize/elf_symbols.h"
#include "detector/symbolize/modules.h"
#include "detector/symbolize/trace.h"

namespace fibersan {
namespace {

struct StackSearch {
  uintptr_t address;
  const CurrentAccess* access;
  uint64_t owner = kNoFiberId;
  FramePlace place;
};

StackBounds used_part(const fsan_fiber& fiber, uintptr_t address) {
  return {std::max(fiber.stack.low, std::min(fiber.lowest_touched, address)), fiber.stack.high};
}

// While it is visited the fiber cannot end, so its stack stays mapped.
void look_in_stack(const fsan_fiber& fiber, void* data) {
  auto& search = *static_cast<StackSearch*>(data);
  if (search.address < fiber.stack.low || search.address >= fiber.stack.high) return;
  search.owner = fiber.info->id;
  if (&fiber == search.access->fiber) {
    search.place = find_frame(search.access->frame, search.access->pc, fiber.stack, search.address);
  } else if (fiber.waiting.active()) {
    search.place = find_frame(fiber.waiting.frame, fiber.waiting.pc, fiber.stack, search.address);
  } else {
    search.place = find_frame_by_chain(used_part(fiber, search.address), search.address);
  }
}

// An address in the function that has the frame. What calls that left on the stack may be of the
// function that was there before.
uintptr_t code_of(const FramePlace& place) {
  if (place.returns_to != 0 && find_module(place.returns_to)) {
    const uintptr_t function = called_function(place.returns_to);
    if (function != 0 && find_module(function)) return function;
  }
  return place.pc == 0 || !find_module(place.pc) ? 0 : place.pc - 1;
}

// Its first address: within a call that was inlined only that one's variables are told.
uintptr_t function_around(uintptr_t code) {
  const std::optional<ModuleAddress> module = find_module(code);
  if (!module) return code;
  const auto symbol = find_elf_symbol(module->path, ElfSymbolKind::kFunction, module->offset);
  return symbol ? code - (module->offset - symbol->value) : code;
}

void describe_frame(FindingScope& scope, const StackSearch& search, ReportLocation& location) {
  const uintptr_t code = code_of(search.place);
  if (code == 0) return;
  const std::vector<SourceFrame>& frames = scope.symbolizer().code(code);
  // The outermost of those inlined into each other is the function that has the frame; of a
  // fiber's first one, what the program knows of it.
  std::vector<SourceFrame> users = frames;
  trim_frames(users, TraceOf::kEvent);
  location.function = users.back().function;
  for (LocalVariable& local : scope.symbolizer().locals(function_around(code))) {
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
  if (search.owner == kNoFiberId) {
    const uint64_t thread = main_thread_stack_contains(access.address)
                                ? kMainThreadId
                                : thread_of_stack_address(access.address);
    visit_live_thread(thread, look_in_stack, &search);
  }
  if (search.owner == kNoFiberId) return std::nullopt;
  ReportLocation location;
  location.kind = ReportLocation::Kind::kStack;
  location.fiber = fiber_name(search.owner);
  describe_frame(scope, search, location);
  return location;
}

// Who the thread is: the one that makes the access is named after whom it runs.
FiberName owner_of(const ThreadLocalPlace& place, const CurrentAccess& access) {
  if (place.thread_pointer == reinterpret_cast<uintptr_t>(__builtin_thread_pointer()))
    return fiber_name(access.fiber->info->id);
  return fiber_name(thread_of_handle(place.thread_pointer));
}

std::optional<ReportLocation> in_thread_local(const CurrentAccess& access) {
  const std::optional<ThreadLocalPlace> place = find_thread_local_place(access.address);
  if (!place) return std::nullopt;
  ReportLocation location;
  location.kind = ReportLocation::Kind::kThreadLocal;
  location.fiber = owner_of(*place, access);
  const auto symbol =
      find_elf_symbol(place->module_path, ElfSymbolKind::kThreadLocal, place->offset);
  if (!symbol) return location;
  location.variable = symbol->name;
  location.size = symbol->size;
  location.offset = place->offset - symbol->value;
  location.address = access.address - location.offset;
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
