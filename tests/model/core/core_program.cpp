#include "tests/model/core/core_program.h"

#include <algorithm>
#include <array>
#include <random>

namespace fibersan::model {
namespace {

constexpr std::array kNames{"spawn",   "end",     "end_silently", "join",     "read",  "write",
                            "load",    "store",   "update",       "exchange", "fence", "free",
                            "alloc",   "lock",    "lock_shared",  "send",     "done",  "wait",
                            "acquire", "release", "forget",       "collect"};
constexpr std::array kWeights{12.0, 4.0, 1.0, 5.0, 24.0, 14.0, 3.0, 3.0, 3.0, 2.0, 2.0,
                              1.0,  1.0, 4.0, 3.0, 5.0,  4.0,  3.0, 3.0, 3.0, 0.5, 0.02};
static_assert(kNames.size() == static_cast<std::size_t>(CoreAction::kCount));
static_assert(kNames.size() == kWeights.size());

// Of the places that Syncs have in a CoreWorld.
constexpr SyncId kAny = 0;
constexpr SyncId kGroups = 4;
constexpr SyncId kEnds = 8;
constexpr unsigned kEndSyncs = 20;

constexpr std::array kOrders{__ATOMIC_RELAXED, __ATOMIC_ACQUIRE, __ATOMIC_RELEASE, __ATOMIC_ACQ_REL,
                             __ATOMIC_SEQ_CST};

// One operation after the other, on behalf of the fibers of a CoreWorld.
class CoreInterpreter {
 public:
  explicit CoreInterpreter(std::uint64_t seed)
      : world_(/*parallel=*/seed % 4 != 0), most_alive_(seed % 16 == 0 ? 40 : 8) {}

  void step(const CoreOperation& op) {
    const FiberId fiber = alive_[op.fiber % alive_.size()];
    const unsigned two = op.object % 2;
    const int order = kOrders[op.choice % kOrders.size()];
    switch (op.action) {
      case CoreAction::kSpawn:
        if (alive_.size() < most_alive_) alive_.push_back(world_.spawn(fiber, op.choice % 4));
        break;
      case CoreAction::kEnd:
      case CoreAction::kEndSilently:
        end(fiber, op.action == CoreAction::kEnd);
        break;
      case CoreAction::kJoin:
        world_.acquire(fiber, kEnds + op.object % kEndSyncs);
        break;
      case CoreAction::kRead:
      case CoreAction::kWrite:
        access(fiber, op, op.action == CoreAction::kWrite);
        break;
      case CoreAction::kLoad:
        world_.load(fiber, op.object % kArenaBytes, order);
        break;
      case CoreAction::kStore:
        world_.store(fiber, op.object % kArenaBytes, order);
        break;
      case CoreAction::kUpdate:
        world_.update(fiber, op.object % kArenaBytes, order);
        break;
      case CoreAction::kCompareExchange:
        world_.compare_exchange(fiber, op.object % kArenaBytes, op.size % 2 != 0, order,
                                op.size % 4 < 2 ? __ATOMIC_RELAXED : __ATOMIC_ACQUIRE);
        break;
      case CoreAction::kFence:
        world_.fence(fiber, order);
        break;
      case CoreAction::kFree:
        world_.free(fiber, op.object % (kArenaBytes / kBlock) * kBlock);
        break;
      case CoreAction::kAllocate:
        world_.allocate(op.object % (kArenaBytes / kBlock) * kBlock);
        break;
      case CoreAction::kLockWrite:
      case CoreAction::kLockRead: {
        const bool write = op.action == CoreAction::kLockWrite;
        world_.lock(fiber, op.choice % 2, write);
        access(fiber, op, write);
        world_.unlock(fiber, op.choice % 2, write);
        break;
      }
      case CoreAction::kSend:
        world_.use_slot(fiber, two);
        break;
      case CoreAction::kDone:
        world_.merge(fiber, kGroups + two);
        break;
      case CoreAction::kWait:
        world_.acquire(fiber, kGroups + two);
        break;
      case CoreAction::kAcquire:
        world_.acquire(fiber, kAny + two);
        break;
      case CoreAction::kRelease:
        world_.release(fiber, kAny + two);
        break;
      case CoreAction::kForget:
        world_.destroy(op.choice % 2 == 0 ? kAny + two : kGroups + two);
        break;
      case CoreAction::kCollect:
        world_.collect();
        break;
      case CoreAction::kCount:
        break;
    }
  }
  // Everybody looks at everything once more.
  CoreTally finish() {
    for (const FiberId fiber : alive_) world_.access(fiber, 0, kArenaBytes, false);
    return world_.tally();
  }

 private:
  void access(FiberId fiber, const CoreOperation& op, bool write) {
    std::size_t size = std::size_t{1} << op.size % 5;
    std::size_t at = op.object % kArenaBytes / size * size;
    if (op.size >= 224) {  // anywhere, any size
      size = 1 + op.choice % 24u;
      at = std::min<std::size_t>(op.object % kArenaBytes, kArenaBytes - size);
    }
    world_.access(fiber, at, size, write);
  }
  void end(FiberId fiber, bool releases) {
    if (fiber == CoreWorld::kMain) return;
    if (releases) world_.release(fiber, kEnds + fiber % kEndSyncs);
    world_.end(fiber);
    std::erase(alive_, fiber);
  }

  CoreWorld world_;
  std::size_t most_alive_;
  std::vector<FiberId> alive_{CoreWorld::kMain};
};

}  // namespace

CoreProgram random_core_program(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::array<double, kWeights.size()> weights = kWeights;
  for (double& weight : weights) {
    const std::uint64_t taste = random() % 8;
    if (taste < 3) weight *= taste == 0 ? 4 : 0.25;
    if (taste == 3) weight = 0;
  }
  weights[static_cast<std::size_t>(CoreAction::kSpawn)] = 12;
  weights[static_cast<std::size_t>(CoreAction::kWrite)] += 6;
  std::discrete_distribution<int> actions(weights.begin(), weights.end());
  // Few bytes make many meetings.
  const auto bytes = static_cast<std::uint8_t>(std::array{8, 16, 32, 64}[random() % 4]);
  CoreProgram program;
  const std::size_t operations = 60 + 60 * (seed % 4) + (seed % 16 == 0 ? 600 : 0);
  for (std::size_t i = 0; i < operations; ++i) {
    const auto action = static_cast<CoreAction>(actions(random));
    const std::uint64_t bits = random();
    program.push_back(
        {action, static_cast<std::uint8_t>(bits), static_cast<std::uint8_t>((bits >> 8) % bytes),
         static_cast<std::uint8_t>(bits >> 16), static_cast<std::uint8_t>(bits >> 24)});
  }
  return program;
}

CoreTally run(const CoreProgram& program, std::uint64_t seed) {
  CoreInterpreter interpreter(seed);
  for (const CoreOperation& op : program) interpreter.step(op);
  return interpreter.finish();
}

std::string explain(std::uint64_t seed, const CoreTally& tally) {
  const auto fails = [seed](const CoreProgram& program) {
    const CoreTally shorter = run(program, seed);
    return shorter.missed + shorter.invented != 0;
  };
  CoreProgram program = random_core_program(seed);
  for (std::size_t chunk = program.size() / 2; chunk != 0; chunk /= 2) {
    for (std::size_t at = 0; at < program.size();) {
      CoreProgram shorter = program;
      const auto from = shorter.begin() + static_cast<std::ptrdiff_t>(at);
      shorter.erase(from, from + static_cast<std::ptrdiff_t>(std::min(chunk, program.size() - at)));
      fails(shorter) ? void(program = shorter) : void(at += chunk);
    }
  }
  std::string text = "seed " + std::to_string(seed) + ": " + std::to_string(tally.missed) +
                     " missed, " + std::to_string(tally.invented) + " invented\n";
  for (const CoreOperation& op : program) {
    text += "  " + std::string(kNames[static_cast<std::size_t>(op.action)]) + " fiber#" +
            std::to_string(op.fiber) + " object " + std::to_string(op.object) + " choice " +
            std::to_string(op.choice) + " size " + std::to_string(op.size) + "\n";
  }
  return text + run(program, seed).first_disagreement + "\n";
}

}  // namespace fibersan::model
