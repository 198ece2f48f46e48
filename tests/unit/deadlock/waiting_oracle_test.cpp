// Random waiting structures against an oracle that plays out what can still happen: every fiber
// that may run does whatever it can to whatever it can get hold of. Whoever never runs in that play
// is dead, and nobody else: neither a false nor a missed one.
//
// Long form: WAITING_ORACLE=1000000 build/tests/unit/unit_deadlock --gtest_filter='WaitingOracle.*'
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <deque>
#include <map>
#include <random>
#include <vector>

#include "detector/race/held_locks.h"
#include "tests/unit/deadlock/small_world.h"

namespace fibersan {
namespace {

constexpr int kNowhere = -1;

// The structure in its own words: places, who refers to which, who waits for what.
struct Story {
  // What can be referred to: a heap block, or the frames of a fiber.
  struct Place {
    std::vector<int> refers;  // to places
    int fiber = kNowhere;     // whose frames these are
  };
  struct Player {
    bool blocked = false;
    bool gone = false;
    fsan_wait_reason reason = FSAN_WAIT_CHAN_RECEIVE;
    std::vector<int> objects;  // places, or kNowhere for a nil channel
    int lock = kNowhere;       // the object it waits for
    int target = kNowhere;     // whom it joins
    bool target_unknown = false;
    std::vector<int> hidden;  // places that its wait or record refers to
    int frames = kNowhere;
  };
  struct Lock {
    int place = kNowhere;
    std::vector<int> writers, readers;
  };
  std::vector<Place> places;
  std::vector<Player> players;
  std::vector<Lock> locks;
  std::vector<int> roots;  // places that globals, timers and regions refer to
};

// Plays until nothing new can happen.
class Play {
 public:
  explicit Play(const Story& story)
      : story_(story), runs_(story.players.size()), has_(story.places.size()) {
    for (const int place : story.roots) get(place);
    for (size_t i = 0; i < story.players.size(); ++i)
      if (!story.players[i].blocked && !story.players[i].gone) run(static_cast<int>(i));
    for (bool more = true; more;) {
      more = false;
      for (size_t i = 0; i < story.players.size(); ++i) {
        if (runs_[i] || story.players[i].gone || !wakes(story.players[i])) continue;
        run(static_cast<int>(i));
        more = true;
      }
    }
  }
  bool runs(size_t player) const { return runs_[player]; }

 private:
  void get(int place) {
    if (place == kNowhere || has_[static_cast<size_t>(place)]) return;
    const Story::Place& is = story_.places[static_cast<size_t>(place)];
    if (is.fiber != kNowhere && story_.players[static_cast<size_t>(is.fiber)].gone) return;
    has_[static_cast<size_t>(place)] = true;
    for (const int next : is.refers) get(next);
  }
  void run(int player) {
    runs_[static_cast<size_t>(player)] = true;
    const Story::Player& is = story_.players[static_cast<size_t>(player)];
    get(is.frames);
    for (const int place : is.hidden) get(place);
    for (const int place : is.objects) get(place);
  }
  bool anybody_has(const std::vector<int>& objects) const {
    for (const int place : objects)
      if (place != kNowhere && has_[static_cast<size_t>(place)]) return true;
    return false;
  }
  bool any_runs(const std::vector<int>& players) const {
    for (const int player : players)
      if (runs_[static_cast<size_t>(player)]) return true;
    return false;
  }
  bool all_run(const std::vector<int>& players) const {
    for (const int player : players)
      if (!runs_[static_cast<size_t>(player)]) return false;
    return true;
  }
  std::vector<int> waiting_writers(int lock) const {
    std::vector<int> result;
    for (size_t i = 0; i < story_.players.size(); ++i)
      if (story_.players[i].lock == lock && story_.players[i].blocked &&
          story_.players[i].reason == FSAN_WAIT_RWMUTEX_LOCK)
        result.push_back(static_cast<int>(i));
    return result;
  }
  bool wakes(const Story::Player& player) const {
    switch (player.reason) {
      case FSAN_WAIT_JOIN:
        if (player.target_unknown) return anybody_has(player.objects);
        return story_.players[static_cast<size_t>(player.target)].gone ||
               runs_[static_cast<size_t>(player.target)];
      case FSAN_WAIT_MUTEX_LOCK: {
        const Story::Lock& lock = story_.locks[static_cast<size_t>(player.lock)];
        return lock.writers.empty() ? anybody_has(player.objects) : any_runs(lock.writers);
      }
      case FSAN_WAIT_RWMUTEX_LOCK: {
        const Story::Lock& lock = story_.locks[static_cast<size_t>(player.lock)];
        if (lock.writers.empty() && lock.readers.empty()) return anybody_has(player.objects);
        return all_run(lock.writers) && all_run(lock.readers);
      }
      case FSAN_WAIT_RWMUTEX_READ_LOCK: {
        const Story::Lock& lock = story_.locks[static_cast<size_t>(player.lock)];
        if (!lock.writers.empty()) return any_runs(lock.writers);
        const std::vector<int> writers = waiting_writers(player.lock);
        return writers.empty() ? anybody_has(player.objects) : any_runs(writers);
      }
      default:
        return anybody_has(player.objects);
    }
  }

  const Story& story_;
  std::vector<bool> runs_;
  std::vector<bool> has_;
};

// A story, and the same as words in memory.
class Scene {
 public:
  explicit Scene(uint64_t seed) : random_(seed) {
    add_players();
    add_blocks();
    add_locks();
    for (size_t i = 0; i < story.players.size(); ++i) choose_wait(i);
    add_references();
  }

  Story story;
  std::vector<bool> dead() { return world_.dead(); }

 private:
  size_t below(size_t count) {
    return std::uniform_int_distribution<size_t>(0, count - 1)(random_);
  }
  bool one_in(size_t count) { return below(count) == 0; }

  void add_players() {
    const size_t count = 2 + below(8);
    const size_t running = below(3);
    for (size_t i = 0; i < count; ++i) {
      Story::Player player;
      player.blocked = i >= running;
      player.gone = i < running && one_in(4);
      player.frames = static_cast<int>(story.places.size());
      story.places.push_back({{}, static_cast<int>(i)});
      story.players.push_back(player);
      const fsan_activity activity = player.blocked ? FSAN_ACTIVITY_BLOCKED
                                     : player.gone  ? FSAN_ACTIVITY_GONE
                                                    : FSAN_ACTIVITY_LIVE;
      fibers_.push_back(&world_.fiber(activity));
      used_words_.push_back(8);  // the first are kept for objects
    }
  }
  void add_blocks() {
    for (size_t count = 1 + below(10); count != 0; --count) {
      const size_t bytes = one_in(4) ? 32 + below(9000) : 32 + below(100);
      block_of_[static_cast<int>(story.places.size())] = {world_.block(bytes), bytes};
      story.places.push_back({});
    }
    if (one_in(3)) world_.free(world_.block(64));
  }
  // On a block of its own or in somebody's frames; the holder is said in the fiber's list.
  void add_locks() {
    for (size_t count = below(4); count != 0; --count) {
      Story::Lock lock;
      lock.place = static_cast<int>(below(story.places.size()));
      const void* const address = address_in(lock.place, story.locks.size());
      if (std::find(lock_addresses_.begin(), lock_addresses_.end(), address) !=
          lock_addresses_.end())
        continue;
      lock_addresses_.push_back(address);
      const size_t holders = below(3);
      const bool write = holders == 1 && one_in(2);
      for (size_t i = 0; i < holders; ++i) {
        const size_t holder = below(story.players.size());
        if (story.players[holder].gone) continue;
        auto& list = write ? lock.writers : lock.readers;
        if (std::find(list.begin(), list.end(), static_cast<int>(holder)) != list.end()) continue;
        list.push_back(static_cast<int>(holder));
        SmallWorld::holds(*fibers_[holder], address, write);
      }
      story.locks.push_back(lock);
    }
  }

  // Of an object: its own in each place.
  const void* address_in(int place, size_t number) {
    const int fiber = story.places[static_cast<size_t>(place)].fiber;
    if (fiber != kNowhere) return fibers_[static_cast<size_t>(fiber)]->frames() + number % 8;
    return block_of_[place].words + (number % (block_of_[place].bytes / 32)) * 4;
  }
  size_t random_place() { return below(story.places.size()); }

  void wait(size_t i, fsan_wait_reason reason, std::vector<const void*> objects) {
    SmallWorld::waits(*fibers_[i], reason, std::move(objects));
  }
  void choose_wait(size_t i) {
    Story::Player& player = story.players[i];
    if (!player.blocked) return;
    constexpr fsan_wait_reason kByObject[] = {FSAN_WAIT_CHAN_SEND,         FSAN_WAIT_CHAN_RECEIVE,
                                              FSAN_WAIT_CONDITION_WAIT,    FSAN_WAIT_WAITGROUP_WAIT,
                                              FSAN_WAIT_SEMAPHORE_ACQUIRE, FSAN_WAIT_BARRIER_WAIT};
    const size_t kind = below(8);
    if (kind < 2 && !story.locks.empty()) {
      wait_for_lock(i);
    } else if (kind == 2) {
      wait_for_end(i);
    } else if (kind == 3) {
      select(i);
    } else {
      player.reason = kByObject[below(std::size(kByObject))];
      player.objects = {static_cast<int>(random_place())};
      wait(i, player.reason, {address_in(player.objects[0], 8 + i)});
    }
  }
  void wait_for_lock(size_t i) {
    Story::Player& player = story.players[i];
    player.lock = static_cast<int>(below(story.locks.size()));
    const Story::Lock& lock = story.locks[static_cast<size_t>(player.lock)];
    constexpr fsan_wait_reason kReasons[] = {FSAN_WAIT_RWMUTEX_LOCK, FSAN_WAIT_RWMUTEX_READ_LOCK,
                                             FSAN_WAIT_MUTEX_LOCK};
    // A mutex has no readers.
    player.reason = kReasons[below(lock.readers.empty() ? 3 : 2)];
    player.objects = {lock.place};
    wait(i, player.reason, {lock_addresses_[static_cast<size_t>(player.lock)]});
  }
  void wait_for_end(size_t i) {
    Story::Player& player = story.players[i];
    player.reason = FSAN_WAIT_JOIN;
    player.target = static_cast<int>(below(story.players.size()));
    player.target_unknown = one_in(4);
    player.objects = {static_cast<int>(random_place())};
    wait(i, player.reason, {address_in(player.objects[0], 8 + i)});
    fibers_[i]->detector.waiting.blocked_by =
        player.target_unknown ? 0 : fibers_[static_cast<size_t>(player.target)]->info.id;
  }
  void select(size_t i) {
    Story::Player& player = story.players[i];
    player.reason = FSAN_WAIT_SELECT;
    std::vector<const void*> objects;
    for (size_t count = below(one_in(4) ? 30 : 4); count != 0; --count) {
      const bool nil = one_in(5);
      player.objects.push_back(nil ? kNowhere : static_cast<int>(random_place()));
      objects.push_back(nil ? nullptr : address_in(player.objects.back(), 8 + i));
    }
    wait(i, player.reason, std::move(objects));
  }

  // Anywhere inside, with whatever in the bits that do not count.
  uintptr_t reference_to(int place) {
    const int fiber = story.places[static_cast<size_t>(place)].fiber;
    uintptr_t address = 0;
    if (fiber != kNowhere) {
      address = address_of(fibers_[static_cast<size_t>(fiber)]->frames() + below(kPartWords));
    } else {
      address = address_of(block_of_[place].words) + below(block_of_[place].bytes);
    }
    if (one_in(3)) address |= below(8);
    if (one_in(3)) address |= uintptr_t{below(65536)} << 48;
    return address;
  }
  // To a wait or a record, or to nothing: leads nowhere.
  uintptr_t noise() {
    SmallWorld::Fiber& fiber = *fibers_[below(fibers_.size())];
    if (one_in(3)) return address_of(fiber.wait() + below(kPartWords));
    if (one_in(2)) return address_of(fiber.record() + below(kPartWords));
    return below(1 << 20);
  }
  void add_references() {
    for (size_t count = below(3 * story.places.size()); count != 0; --count) {
      const int to = static_cast<int>(random_place());
      switch (below(6)) {
        case 0:
          if (one_in(3)) add_root(to);
          break;
        case 1:
          hide(to);
          break;
        default:
          refer(random_place(), to);
      }
    }
    for (size_t i = 0; i < fibers_.size(); ++i) fibers_[i]->frames()[kPartWords - 1] = noise();
    world_.globals()[0] = noise();
  }
  void add_root(int to) {
    story.roots.push_back(to);
    const uintptr_t word = reference_to(to);
    if (one_in(2)) {
      global(word);
    } else {
      timers_.push_back(word);
      world_.root(&timers_.back(), &timers_.back() + 1);
    }
  }
  void global(uintptr_t word) {
    if (globals_used_ < kPartWords) {
      world_.globals()[globals_used_++] = word;
    } else {
      timers_.push_back(word);
      world_.root(&timers_.back(), &timers_.back() + 1);
    }
  }
  // What the runtime keeps of a wait, and its record, are a live fiber's only.
  void hide(int to) {
    const size_t i = below(fibers_.size());
    if (story.players[i].gone) return;
    story.players[i].hidden.push_back(to);
    SmallWorld::Word* const part = one_in(2) ? fibers_[i]->wait() + 40 : fibers_[i]->record();
    size_t& used = hidden_words_[part];
    if (used == 20) {
      story.players[i].hidden.pop_back();
      return;
    }
    part[used++] = reference_to(to);
  }
  void refer(size_t from, int to) {
    Story::Place& place = story.places[from];
    const uintptr_t word = reference_to(to);
    if (place.fiber != kNowhere) {
      if (story.players[static_cast<size_t>(place.fiber)].gone) return;
      size_t& used = used_words_[static_cast<size_t>(place.fiber)];
      if (used == kPartWords - 1) return;
      fibers_[static_cast<size_t>(place.fiber)]->frames()[used++] = word;
    } else {
      const Block& block = block_of_[static_cast<int>(from)];
      size_t at = below(block.bytes / sizeof(uintptr_t));
      if (block.words[at] != 0) return;
      block.words[at] = word;
    }
    place.refers.push_back(to);
  }

  struct Block {
    SmallWorld::Word* words = nullptr;
    size_t bytes = 0;
  };
  std::mt19937_64 random_;
  SmallWorld world_;
  std::vector<SmallWorld::Fiber*> fibers_;
  std::vector<size_t> used_words_;
  std::map<SmallWorld::Word*, size_t> hidden_words_;
  std::map<int, Block> block_of_;
  std::vector<const void*> lock_addresses_;
  std::deque<uintptr_t> timers_;
  size_t globals_used_ = 1;
};

uint64_t stories() {
  const char* const wanted = std::getenv("WAITING_ORACLE");
  return wanted == nullptr ? 3000 : std::strtoull(wanted, nullptr, 10);
}

TEST(WaitingOracle, WhoNeverRunsIsDeadAndNobodyElse) {
  size_t dead = 0;
  size_t live = 0;
  for (uint64_t seed = 1; seed <= stories(); ++seed) {
    Scene scene(seed);
    const Play play(scene.story);
    const std::vector<bool> found = scene.dead();
    for (size_t i = 0; i < found.size(); ++i) {
      const Story::Player& player = scene.story.players[i];
      const bool expected = player.blocked && !play.runs(i);
      ASSERT_EQ(found[i], expected)
          << "story " << seed << ", fiber " << i << ", reason " << player.reason << ": "
          << (expected ? "missed" : "reported though it can run");
      if (player.blocked) ++(expected ? dead : live);
    }
  }
  // Both happen all the time, or nothing was tested.
  EXPECT_GT(dead, stories());
  EXPECT_GT(live, stories() / 2);
}

}  // namespace
}  // namespace fibersan
