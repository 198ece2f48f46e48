// reachable.cpp: the hooks of a world that stands still: two looks at who can never run again.
//
// Threads:  one at a time, the runtime sees to that.
//
// Invariants
//   L1  As suspects.h says.
//   L2  None is reported twice.
//   L3  Where the search was not complete, nobody is dead.
//   L4  A select without cases says in so many words that the fiber is to stay: it is no finding,
//       and what only that fiber could reach is out of reach all the same.
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <span>

#include "detector/deadlock/leaks.h"
#include "detector/deadlock/mapped_array.h"
#include "detector/deadlock/marking.h"
#include "detector/deadlock/modules.h"
#include "detector/deadlock/partial.h"
#include "detector/deadlock/suspects.h"
#include "detector/deadlock/world_copy.h"
#include "detector/heap/program_mappings.h"
#include "detector/process/main_thread.h"
#include "detector/process/options.h"
#include "detector/race/thread.h"

namespace fibersan {
namespace {

// Of marking.h: 1 to 5 ms.
constexpr uint64_t kWorkAtOnce = uint64_t{2} << 20;
// The same for each fiber, about what it costs to copy its stack's page tables.
constexpr uint64_t kWorkForFiber = 4096;
// Fibers, for 5 to 20 ms.
constexpr size_t kReadAtOnce = 4096;

struct Look {
  Modules modules;
  WorldCopy copy;
  Suspects suspects;
  std::span<const DeadFiber> to_read;  // of a copy's
  MappedArray<Waiter> dead;
  MappedArray<Hold> holds;
  int process = 0;
  bool run_is_over = false;
};

Look& look() {
  static constinit Look made;
  return made;
}

// L3
bool may_search() { return look().modules.complete() && !program_mappings.is_incomplete(); }

uint64_t now_ms() {
  timespec now = {};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1000 + static_cast<uint64_t>(now.tv_nsec) / 1'000'000;
}

// L2, L4
bool is_settled(const fsan_fiber& fiber) {
  // relaxed: nobody moves. Also one in a ring that was found when it closed.
  return stays_on_purpose(fiber) || fiber.waiting.reported.load(std::memory_order_relaxed);
}

// What the findings need of a search that is over.
struct Result {
  MappedArray<DeadFiber> dead;
  MappedArray<Hold> holds;
};

void collect(const fsan_world& world, const Marking& marking, Result& result) {
  size_t dead = 0;
  size_t held = 0;
  for (uint32_t i = 0; i < world.fiber_count; ++i) {
    if (!marking.is_dead(i)) continue;
    ++dead;
    held += world.fibers[i].fiber->held_locks.size();
  }
  result.dead.make_room(dead);
  result.holds.make_room(held);
  for (uint32_t i = 0; i < world.fiber_count; ++i) {
    if (!marking.is_dead(i)) continue;
    const fsan_fiber& fiber = *world.fibers[i].fiber;
    for (const HeldLock& held_lock : fiber.held_locks.all())
      result.holds.push({held_lock.lock, fiber.info->id});
    if (is_settled(fiber)) continue;
    const uint32_t turn = fiber.waiting.turn.load(std::memory_order_relaxed);  // nobody moves
    result.dead.push({&fiber, world.fibers[i].id, world.fibers[i].wait, turn});
  }
}

// Of one that is to be named by a finding, and does not move.
void read_dead(const fsan_fiber& fiber) {
  if (look().dead.full()) return;  // without memory, in the next look
  fiber.waiting.reported.store(true, std::memory_order_relaxed);
  look().dead.push(read_waiter(fiber));
}

void make_room_for_findings(size_t dead, std::span<const Hold> holds) {
  look().dead.make_room(dead);
  look().holds.make_room(holds.size());
  for (const Hold& hold : holds) look().holds.push(hold);
}

size_t judge_here(Result& result) {
  const std::span<const DeadFiber> dead = result.dead.all();
  const auto confirmed = look().suspects.judge(dead, now_ms(), look().run_is_over);
  make_room_for_findings(confirmed.size(), result.holds.all());
  for (const DeadFiber& one : confirmed) read_dead(*one.fiber);
  const size_t suspects = dead.size();
  result.dead.give_back();
  result.holds.give_back();
  return suspects;
}

// To the end of the search; the copy ends with it.
[[noreturn]] void search_copy(const fsan_world& world, Marking& marking) {
  WorldCopy& copy = look().copy;
  marking.also_read(copy.shared_words());
  marking.run();
  if (!marking.complete()) copy.end(nullptr);
  Result result;
  collect(world, marking, result);
  const WorldCopy::Found found = {result.dead.all(), result.holds.all()};
  copy.end(&found);
}

// Where that is not over soon a copy of the process is searched, but for the last look of a run,
// which keeps nobody waiting.
enum class Ended : unsigned char { kHere, kElsewhere };
Ended search(const fsan_world& world, Marking& marking) {
  if (look().copy.is_here()) search_copy(world, marking);
  if (world.run_is_over != 0 || options.deadlock_copy == 0) {
    marking.run();
  } else if (!marking.run_for(kWorkAtOnce + kWorkForFiber * world.fiber_count)) {
    switch (look().copy.make(world.fiber_count)) {
      case WorldCopy::Side::kCopy:
        search_copy(world, marking);
      case WorldCopy::Side::kOriginal:
        return Ended::kElsewhere;
      case WorldCopy::Side::kNone:
        marking.run();
    }
  }
  return Ended::kHere;
}

size_t look_at_world(const fsan_world& world) {
  const StackBounds stack = main_thread_stack();
  const Surroundings surroundings = {.globals = look().modules.globals(),
                                     .mapped = program_mappings.all(),
                                     .thread_locals = look().modules.thread_locals(),
                                     .main_stack = {stack.low, stack.high},
                                     .main_thread = look().process};
  Scratch scratch;
  Marking marking(world, surroundings, heap_blocks, scratch);
  if (search(world, marking) == Ended::kElsewhere) return FSAN_WORLD_COPIED;
  note_leaks_of_run(world, marking.complete() ? &marking : nullptr);
  Result result;
  if (marking.complete()) {
    collect(world, marking, result);
    return judge_here(result);
  }
  look().suspects.forget();  // L3
  return 0;
}

struct Reading {
  const DeadFiber* wanted;
  static void read(const fsan_fiber& fiber, void* data) {
    const DeadFiber& wanted = *static_cast<const Reading*>(data)->wanted;
    // relaxed: nobody moves. It may have been told elsewhere meanwhile.
    const bool same =
        &fiber == wanted.fiber && wanted.turn == fiber.waiting.turn.load(std::memory_order_relaxed);
    if (same && !is_settled(fiber)) read_dead(fiber);
  }
};

}  // namespace
}  // namespace fibersan

extern "C" {

void __fsan_world_stops(void) {
  if (fibersan::checking_has_stopped()) return;
  fibersan::look().modules.read();
  fibersan::look().process = getpid();
}

size_t __fsan_world_stopped(const struct fsan_world* world) {
  using namespace fibersan;
  if (world == nullptr) look().copy.end(nullptr);
  if (checking_has_stopped()) return 0;
  if (world->leak_scope != nullptr) {
    note_leaks_of_scope(*world);
    return 0;
  }
  look().run_is_over = world->run_is_over != 0;
  if (may_search()) return look_at_world(*world);
  look().suspects.forget();
  note_leaks_of_run(*world, nullptr);
  return 0;
}

int __fsan_world_copied(size_t fibers) {
  using namespace fibersan;
  if (checking_has_stopped() || options.deadlock_copy == 0 || !may_search()) return 0;
  look().run_is_over = false;
  return look().copy.make(fibers) == WorldCopy::Side::kNone ? 0 : look().process;
}

int __fsan_copy_searched(size_t* suspects, size_t* to_read) {
  using namespace fibersan;
  WorldCopy& copy = look().copy;
  const WorldCopy::State state = copy.state();
  if (state == WorldCopy::State::kNone) return FSAN_SEARCH_NONE;
  if (state == WorldCopy::State::kSearches) return FSAN_SEARCH_ON;
  if (state == WorldCopy::State::kDone) {
    const WorldCopy::Found found = copy.found();
    look().to_read = look().suspects.judge(found.dead, now_ms(), false);
    make_room_for_findings(look().to_read.size(), found.holds);
    *suspects = found.dead.size();
    *to_read = look().to_read.size();
  } else {
    look().suspects.forget();  // L3
  }
  copy.drop();
  return state == WorldCopy::State::kDone ? FSAN_SEARCH_DONE : FSAN_SEARCH_FAILED;
}

size_t __fsan_dead_read(void) {
  using namespace fibersan;
  std::span<const DeadFiber>& to_read = look().to_read;
  const size_t count = std::min(to_read.size(), kReadAtOnce);
  for (const DeadFiber& one : to_read.first(count)) {
    Reading reading{&one};
    visit_live_fiber(one.id, Reading::read, &reading);
  }
  to_read = to_read.subspan(count);
  return to_read.size();
}

void __fsan_copy_dropped(void) {
  using namespace fibersan;
  look().copy.drop();
  look().to_read = {};
  look().suspects.forget();
}

size_t __fsan_world_moves_again(void) {
  using namespace fibersan;
  const size_t reported = look().dead.all().size();
  report_partial_deadlocks(look().dead.all(), look().holds.all(), look().run_is_over);
  look().dead.give_back();
  look().holds.give_back();
  return report_leaks().value_or(reported);
}

}  // extern "C"
