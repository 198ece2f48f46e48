#include "tests/model/program.h"

#include <algorithm>
#include <array>
#include <random>

namespace fibersan::model {
namespace {

constexpr std::array kNames{
    "spawn", "end", "end_touching", "end_silently", "join", "lock",   "acquire", "release", "send",
    "done",  "rmw", "fork_join",    "write",        "read", "forget", "collect", "destroy"};
static_assert(kNames.size() == static_cast<std::size_t>(Action::kCount));

// How often an action occurs before a program's own taste is applied.
constexpr std::array kWeights{14.0, 6.0, 2.0, 1.0, 8.0, 8.0, 4.0, 4.0, 6.0,
                              4.0,  3.0, 2.0, 8.0, 6.0, 1.0, 4.0, 0.5};
static_assert(kWeights.size() == kNames.size());

// Names of Syncs: each kind has its own, joins one for each fiber.
constexpr SyncId kMutexes = 1000;
constexpr SyncId kSlots = 2000;
constexpr SyncId kGroups = 3000;
constexpr SyncId kEnds = 10000;

class Interpreter {
 public:
  explicit Interpreter(const Shape& shape)
      : shape_(shape), world_(shape.processors, shape.lane_budget) {}

  void step(const Operation& op) {
    const FiberId fiber = alive_[op.fiber % alive_.size()];
    const CellId cell = op.object % shape_.cells;
    const SyncId any = op.object % shape_.syncs;
    switch (op.action) {
      case Action::kSpawn:
        spawn(fiber, op.choice);
        break;
      case Action::kEnd:
        end(fiber, true, false, cell);
        break;
      case Action::kEndTouching:
        end(fiber, true, true, cell);
        break;
      case Action::kEndSilently:
        end(fiber, false, false, cell);
        break;
      case Action::kJoin:
        if (!ended_.empty()) world_.acquire(fiber, kEnds + ended_[op.object % ended_.size()]);
        break;
      case Action::kLockTouch:
        world_.acquire(fiber, kMutexes + any);
        world_.write(fiber, op.choice % shape_.cells);
        world_.release(fiber, kMutexes + any);
        break;
      case Action::kAcquire:
        world_.acquire(fiber, any_sync(op));
        break;
      case Action::kRelease:
        world_.release(fiber, any_sync(op));
        break;
      case Action::kSend:
        world_.swap(fiber, kSlots + any);
        break;
      case Action::kDone:
        world_.merge(fiber, kGroups + any);
        break;
      case Action::kReadModifyWrite:
        world_.acquire(fiber, kGroups + any);
        world_.release(fiber, kGroups + any);
        break;
      case Action::kForkJoin:
        fork_join(fiber, op);
        break;
      case Action::kWrite:
        world_.write(fiber, cell);
        break;
      case Action::kRead:
        world_.read(fiber, cell);
        break;
      case Action::kForget:
        world_.forget(cell);
        break;
      case Action::kCollect:
        world_.collect();
        break;
      case Action::kDestroy:
        world_.destroy(any_sync(op));
        break;
      case Action::kCount:
        break;
    }
  }

  // Everybody looks at everything once more.
  void finish() {
    for (const FiberId fiber : alive_)
      for (CellId cell = 0; cell < shape_.cells; ++cell) world_.read(fiber, cell);
  }
  [[nodiscard]] Tally tally() const { return world_.tally(); }

 private:
  SyncId any_sync(const Operation& op) const {
    constexpr std::array kKinds{kMutexes, kSlots, kGroups};
    return kKinds[op.choice % kKinds.size()] + op.object % shape_.syncs;
  }

  bool full() const { return fibers_ >= shape_.fibers || alive_.size() >= shape_.alive; }

  FiberId spawn(FiberId parent, unsigned processor) {
    if (full()) return parent;
    ++fibers_;
    return alive_.emplace_back(world_.spawn(parent, processor));
  }

  void end(FiberId fiber, bool releases, bool touches, CellId cell) {
    if (fiber == World::kMain) return;
    if (releases) world_.release(fiber, kEnds + fiber);
    if (touches) world_.write(fiber, cell);
    world_.end(fiber);
    std::erase(alive_, fiber);
    if (releases) ended_.push_back(fiber);
  }

  void fork_join(FiberId parent, const Operation& op) {
    std::vector<FiberId> children;
    for (unsigned i = 0; i < 2u + op.choice % 4u && !full(); ++i)
      children.push_back(spawn(parent, op.choice + i));
    for (const FiberId child : children) {
      world_.write(child, (op.object + child) % shape_.cells);
      world_.merge(child, kGroups + op.object % shape_.syncs);
      world_.end(child);
      std::erase(alive_, child);
    }
    world_.acquire(parent, kGroups + op.object % shape_.syncs);
  }

  const Shape& shape_;
  World world_;
  unsigned fibers_ = 1;
  std::vector<FiberId> alive_{World::kMain};
  std::vector<FiberId> ended_;
};

}  // namespace

Program random_program(std::uint64_t seed, const Shape& shape) {
  std::mt19937_64 random(seed);
  std::array<double, kWeights.size()> weights = kWeights;
  for (double& weight : weights) {
    switch (random() % 4) {
      case 0:
        weight = 0;
        break;
      case 1:
        weight *= 4;
        break;
      default:
        break;
    }
  }
  weights[static_cast<std::size_t>(Action::kSpawn)] = 14;
  weights[static_cast<std::size_t>(Action::kWrite)] += 4;
  if (!shape.forgets) weights[static_cast<std::size_t>(Action::kCollect)] = 0;
  if (!shape.forgets) weights[static_cast<std::size_t>(Action::kForget)] = 0;
  std::discrete_distribution<int> actions(weights.begin(), weights.end());
  Program program;
  for (unsigned i = 0; i < shape.operations; ++i) {
    const auto action = static_cast<Action>(actions(random));
    const std::uint64_t bits = random();
    program.push_back({action, static_cast<std::uint8_t>(bits),
                       static_cast<std::uint8_t>(bits >> 8),
                       static_cast<std::uint8_t>(bits >> 16)});
  }
  return program;
}

Tally run(const Program& program, const Shape& shape) {
  Interpreter interpreter(shape);
  for (const Operation& op : program) interpreter.step(op);
  interpreter.finish();
  return interpreter.tally();
}

std::string to_string(const Program& program) {
  std::string text;
  for (const Operation& op : program) {
    text += "  " + std::string(kNames[static_cast<std::size_t>(op.action)]) + " fiber#" +
            std::to_string(op.fiber) + " object " + std::to_string(op.object) + " choice " +
            std::to_string(op.choice) + "\n";
  }
  return text;
}

Shape exact_shape(std::uint64_t seed) {
  Shape shape;
  shape.processors = 1 + seed % 4;
  shape.cells = 1 + seed / 4 % 4;
  shape.syncs = 1 + seed / 16 % 3;
  shape.operations = 40 + 40 * (seed / 48 % 4);
  if (seed % 32 == 0) {  // few, but large enough that clocks become trees
    shape.operations = 600;
    shape.fibers = 200;
    shape.alive = 40;
  }
  return shape;
}

Shape forgetful_shape(std::uint64_t seed, LaneId lane_budget) {
  Shape shape;
  shape.processors = 1 + seed % 4;
  shape.operations = 600;
  shape.fibers = 250;
  shape.alive = 10;
  shape.forgets = false;  // nothing is collected, so that the budget is felt
  shape.lane_budget = lane_budget;
  return shape;
}

std::string explain(std::uint64_t seed, const Shape& shape, const Tally& tally) {
  const Program shortest = shrink(random_program(seed, shape), [&](const Program& program) {
    const Tally shorter = run(program, shape);
    return shorter.missed + shorter.invented != 0;
  });
  return "seed " + std::to_string(seed) + ": " + std::to_string(tally.missed) + " missed, " +
         std::to_string(tally.invented) + " invented\nshortest program:\n" + to_string(shortest) +
         run(shortest, shape).first_disagreement + "\n";
}

}  // namespace fibersan::model
