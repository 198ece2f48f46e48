#include "runtime/observe/dump.h"

#include <algorithm>
#include <cinttypes>
#include <cstring>

#include "fiber/debug.h"
#include "runtime/observe/running_stacks.h"
#include "runtime/observe/wait_reason.h"
#include "runtime/park.h"
#include "runtime/scheduler.h"
#include "runtime/stack_walk.h"
#include "runtime/timers.h"
#include "runtime/worker_threads.h"

namespace fiber::internal {
namespace {

bool runs(FiberState state) {
  return state == FiberState::kRunning || state == FiberState::kParking ||
         state == FiberState::kWoken;
}

const char* state_text(const FiberSnapshot& fiber) {
  if (fiber.waiting()) return wait_reason_text(fiber.reason);
  return fiber.state == FiberState::kRunnable ? "runnable" : "running";
}

// FNV-1a over what makes two fibers the same.
uint64_t place_hash(const FiberSnapshot& fiber) {
  uint64_t hash = 14695981039346656037u;
  const auto mix = [&hash](uint64_t value) { hash = (hash ^ value) * 1099511628211u; };
  mix(static_cast<uint64_t>(fiber.state));
  mix(fiber.waiting() ? fiber.reason : 0);
  for (size_t i = 0; i < fiber.frame_count; ++i) mix(reinterpret_cast<uintptr_t>(fiber.frames[i]));
  mix(fiber.frame_count == 0 ? reinterpret_cast<uintptr_t>(fiber.entry) : 0);
  for (size_t i = 0; i < fiber.creator_frame_count; ++i)
    mix(reinterpret_cast<uintptr_t>(fiber.creator_frames[i]));
  return hash;
}

// The worker that runs this fiber now. What it says is stale at once; who acts on it asks the
// thread itself.
__attribute__((no_sanitize("thread"))) const Worker* worker_of(const Fiber* fiber) {
  for (uint32_t i = 0; i < worker_threads.highest(); ++i) {
    const Worker* worker = worker_threads.worker(i);
    if (worker != nullptr && worker->current() == fiber) return worker;
  }
  return nullptr;
}

void print_time(std::FILE* file, int64_t nanoseconds) {
  const double seconds = static_cast<double>(nanoseconds) / 1e9;
  if (seconds < 100) {
    std::fprintf(file, "%.2f s", seconds);
  } else if (seconds < 6000) {
    std::fprintf(file, "%.0f s", seconds);
  } else {
    std::fprintf(file, "%.0f minutes", seconds / 60);
  }
}

// A fiber that has not run yet stands in front of its first function.
void print_frames(std::FILE* file, const FiberSnapshot& fiber) {
  if (fiber.frame_count != 0) {
    print_stack(file, fiber.frames, fiber.frame_count);
  } else if (fiber.moving) {
    std::fprintf(file, "    it moves; stack not available\n");
  } else if (fiber.state == FiberState::kRunnable) {
    const CodeAddress code = describe_address(reinterpret_cast<char*>(fiber.entry) + 1);
    std::fprintf(file, "    not started: %s\n", code.function.c_str());
  } else {
    std::fprintf(file, "    running; stack not available\n");
  }
  print_creation(file, fiber.creator_id, fiber.creator_frames, fiber.creator_frame_count);
}

}  // namespace

void Dump::collect() {
  now_ = Clock::now().time_since_epoch().count();
  stack_pool().for_each(
      [](Stack* stack, void* dump) {
        FiberSnapshot snapshot;
        if (snapshot_fiber(stack, snapshot)) static_cast<Dump*>(dump)->add(snapshot);
      },
      this);
  read_running_stacks();
  std::sort(single_.begin(), single_.end(),
            [](const FiberSnapshot& a, const FiberSnapshot& b) { return a.id < b.id; });
}

void Dump::add(const FiberSnapshot& snapshot) {
  if (runs(snapshot.state)) {
    ++running_;
    active_.push_back(snapshot);
    return;
  }
  ++(snapshot.waiting() ? waiting_ : runnable_);
  if (groups_.empty() && single_.size() < kMostSingle) {
    single_.push_back(snapshot);
    return;
  }
  for (const FiberSnapshot& fiber : single_) add_to_group(fiber);
  single_.clear();
  add_to_group(snapshot);
}

void Dump::add_to_group(const FiberSnapshot& snapshot) {
  const uint64_t hash = place_hash(snapshot);
  auto found = groups_.find(hash);
  if (found == groups_.end()) {
    if (groups_.size() == kMostGroups) {
      ++left_out_;
      return;
    }
    found = groups_.emplace(hash, Group()).first;
    found->second.sample = snapshot;
    found->second.shortest = INT64_MAX;
  }
  Group& group = found->second;
  if (group.count < kMostIds) group.ids[group.count] = snapshot.id;
  ++group.count;
  const int64_t waited = waiting_time(snapshot);
  group.longest = std::max(group.longest, waited);
  group.shortest = std::min(group.shortest, waited);
}

void Dump::read_running_stacks() {
  RunningStacks stacks;
  const Fiber* caller = current_fiber();
  for (FiberSnapshot& fiber : active_) {
    if (fiber.fiber == caller) {
      fiber.frame_count =
          walk_frames(__builtin_frame_address(0), caller->stack->low, caller->stack->high(),
                      fiber.frames, FiberSnapshot::kMostFrames);
    } else if (const Worker* worker = worker_of(fiber.fiber)) {
      fiber.frame_count =
          stacks.read(worker->thread_id(), fiber.id, fiber.frames, FiberSnapshot::kMostFrames);
    }
  }
}

int64_t Dump::waiting_time(const FiberSnapshot& fiber) const {
  return fiber.waiting() ? std::max<int64_t>(0, now_ - fiber.since) : 0;
}

void Dump::print(std::FILE* file) const {
  print_counts(file);
  for (const FiberSnapshot& fiber : active_) print_single(file, fiber);
  for (const FiberSnapshot& fiber : single_) print_single(file, fiber);
  if (!groups_.empty()) print_groups(file);
  std::fflush(file);
}

void Dump::print_counts(std::FILE* file) const {
  std::fprintf(file, "fibers: %" PRIu64 " running, %" PRIu64 " runnable, %" PRIu64 " waiting\n",
               running_, runnable_, waiting_);
}

void Dump::print_single(std::FILE* file, const FiberSnapshot& fiber) const {
  std::fprintf(file, "\nfiber %" PRIu64, fiber.id);
  if (fiber.name[0] != '\0') std::fprintf(file, " '%s'", fiber.name);
  std::fprintf(file, " [%s", state_text(fiber));
  if (fiber.waiting()) {
    std::fprintf(file, ", ");
    print_time(file, waiting_time(fiber));
  }
  std::fprintf(file, "]:\n");
  print_frames(file, fiber);
}

void Dump::print_group(std::FILE* file, const Group& group) const {
  if (group.count == 1) {
    print_single(file, group.sample);
    return;
  }
  std::fprintf(file, "\n%" PRIu64 " fibers [%s", group.count, state_text(group.sample));
  if (group.sample.waiting()) {
    std::fprintf(file, ", ");
    print_time(file, group.shortest);
    std::fprintf(file, " to ");
    print_time(file, group.longest);
  }
  std::fprintf(file, "]:");
  for (size_t i = 0; i < std::min<uint64_t>(group.count, kMostIds); ++i)
    std::fprintf(file, " %" PRIu64, group.ids[i]);
  std::fprintf(file, "%s\n", group.count > kMostIds ? " ..." : "");
  print_frames(file, group.sample);
}

void Dump::print_groups(std::FILE* file) const {
  std::vector<const Group*> sorted;
  for (const auto& [hash, group] : groups_) sorted.push_back(&group);
  std::sort(sorted.begin(), sorted.end(), [](const Group* a, const Group* b) {
    return a->count != b->count ? a->count > b->count : a->ids[0] < b->ids[0];
  });
  uint64_t left_out = left_out_;
  for (size_t i = 0; i < sorted.size(); ++i) {
    if (i < kMostPrinted) {
      print_group(file, *sorted[i]);
    } else {
      left_out += sorted[i]->count;
    }
  }
  if (left_out != 0)
    std::fprintf(file, "\n%" PRIu64 " more fibers at other places were left out\n", left_out);
}

}  // namespace fiber::internal

void fiber::dump_fibers(std::FILE* file) {
  internal::Dump dump;
  dump.collect();
  dump.print(file);
}
