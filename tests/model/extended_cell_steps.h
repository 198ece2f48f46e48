// extended_cell_steps.h: the steps of detector/shadow's cells with records over a world that a
// test explores: its state, what a step does to it, and what mutants do instead.
//
// Input:    a State and the log of one of its threads.
// Output:   the State after the thread's next step.
// Not here: who takes the next step, and what is wrong in the end, see extended_cell_test.cpp.
#ifndef FIBERSAN_TESTS_MODEL_EXTENDED_CELL_STEPS_H
#define FIBERSAN_TESTS_MODEL_EXTENDED_CELL_STEPS_H

#include <algorithm>
#include <array>
#include <vector>

#include "detector/clock/fiber_clock.h"
#include "detector/shadow/extended_steps.h"

namespace fibersan::model {

enum class Weakness {
  kNone,
  kPlainStores,         // slots are stored where an exchange is due
  kNoReload,            // the other slot is not looked at again
  kNoSecondReload,      // slot 1 is not looked at again after slot 0 (C5)
  kSlotNotTakenAlong,   // what came into slot 1 meanwhile is overwritten
  kSlotUnchecked,       // whoever has locked a record takes it for its cell's
  kNoLock,              // everybody is in the record at once
  kSlot0First,          // deflation writes slot 0 before slot 1
  kReadersBesideWriter  // a reader's lock keeps no writer out
};
inline constexpr std::array kMutants = {Weakness::kPlainStores,    Weakness::kNoReload,
                                        Weakness::kNoSecondReload, Weakness::kSlotNotTakenAlong,
                                        Weakness::kSlotUnchecked,  Weakness::kNoLock,
                                        Weakness::kSlot0First,     Weakness::kReadersBesideWriter};

struct ModelRecord {
  bool taken = false;
  bool alone = false;  // locked
  unsigned readers = 0;
  std::vector<Stamp> stamps;

  bool operator==(const ModelRecord&) const = default;
};

// What one step returned.
struct Entry {
  Stamp value = 0;
  Stamp only = 0;
  Stamp beside = 0;
  std::vector<Stamp> stamps;  // races found, or stamps visited

  bool operator==(const Entry&) const = default;
};

struct Thread {
  std::vector<Entry> log;
  bool finished = false;
  std::vector<Stamp> found;

  bool operator==(const Thread&) const = default;
};

struct State {
  Stamp slots[2] = {0, 0};
  std::array<ModelRecord, 3> records;
  unsigned forgotten = 0;
  std::vector<Thread> threads;

  bool operator==(const State&) const = default;
};

// States are told apart by 128 bits of hash: of a million, two are taken for one with a chance
// of 10^-26.
class Hash {
 public:
  void add(std::uint64_t word) {
    first_ = (first_ ^ word) * 0x9e3779b97f4a7c15u;
    first_ ^= first_ >> 29;
    second_ = (second_ + word) * 0xff51afd7ed558ccdu;
    second_ ^= second_ >> 32;
  }
  void add(const std::vector<Stamp>& stamps) {
    add(stamps.size());
    for (const Stamp stamp : stamps) add(stamp);
  }
  bool operator==(const Hash&) const = default;
  std::size_t bucket() const { return first_; }

 private:
  std::uint64_t first_ = 1;
  std::uint64_t second_ = 2;
};
struct HashBucket {
  std::size_t operator()(const Hash& hash) const { return hash.bucket(); }
};

inline Hash hash_of(const State& state) {
  Hash hash;
  hash.add(state.slots[0]);
  hash.add(state.slots[1]);
  hash.add(state.forgotten);
  for (const ModelRecord& record : state.records) {
    hash.add(record.taken + 2u * record.alone + 4u * record.readers);
    hash.add(record.stamps);
  }
  for (const Thread& thread : state.threads) {
    hash.add(thread.finished + 2u * thread.log.size());
    for (const Entry& entry : thread.log) {
      hash.add(entry.value);
      hash.add(entry.only);
      hash.add(entry.beside);
      hash.add(entry.stamps);
    }
    hash.add(thread.found);
  }
  return hash;
}

struct Setting {
  Weakness weakness = Weakness::kNone;
  bool sharded = false;        // reads lock as readers
  unsigned records = 3;        // that there is memory for
  bool only_extended = false;  // cells that have a record
  bool only_late = false;      // an access that others replace while it is made
};

// The steps of one thread. Beyond the log one step is made for real; what follows it
// succeeds without effect, so that the run ends, and is discarded.
class ModelSteps {
 public:
  static inline State* state;
  static inline Thread* thread;
  static inline std::size_t at;
  static inline bool stepped;
  static inline bool incomplete;
  static inline Setting setting;
  static inline bool exchanged;
  static inline std::size_t exchanged_slot;
  static inline Stamp own;  // what it put there
  static inline Stamp last_seen[2];
  static inline bool slot1_pending;
  static inline Stamp slot1_value;
  static inline bool just_locked;

  static void begin(State& of, Thread& running) {
    state = &of;
    thread = &running;
    at = 0;
    stepped = incomplete = exchanged = slot1_pending = just_locked = false;
  }

  static Stamp load(const Stamp& slot) {
    const auto index = static_cast<std::size_t>(&slot - state->slots);
    const bool is_own = exchanged && index == exchanged_slot;
    if (setting.weakness == Weakness::kNoReload && exchanged)
      return is_own ? own : last_seen[index];
    if (setting.weakness == Weakness::kNoSecondReload && is_own && index == 1) return own;
    const Stamp seen = once([&](Entry& e) { e.value = slot; }).value;
    if (incomplete && is_own) return own;
    if (setting.weakness == Weakness::kSlotUnchecked && just_locked && index == 0) {
      just_locked = false;
      return last_seen[0];
    }
    return last_seen[index] = seen;
  }
  static bool exchange(Stamp& slot, Stamp expected, Stamp desired) {
    exchanged = once([&](Entry& e) {
                  const bool equal = slot == expected || setting.weakness == Weakness::kPlainStores;
                  if (equal) slot = desired;
                  e.value = equal;
                }).value != 0;
    exchanged_slot = static_cast<std::size_t>(&slot - state->slots);
    own = desired;
    return exchanged;
  }
  static Stamp swap(Stamp& slot, Stamp stamp) {
    const Stamp old = once([&](Entry& e) { e.value = slot, slot = stamp; }).value;
    return setting.weakness == Weakness::kSlotNotTakenAlong ? 0 : old;
  }
  static void store(Stamp& slot, Stamp stamp) {
    if (setting.weakness == Weakness::kSlot0First && &slot == &state->slots[1]) {
      slot1_pending = true;
      slot1_value = stamp;
      return;
    }
    once([&](Entry&) { slot = stamp; });
    store_pending();
  }

  static uint32_t take() {
    return static_cast<uint32_t>(quietly([](Entry& e) {
                                   for (uint32_t i = 0; i < setting.records; ++i) {
                                     if (state->records[i].taken) continue;
                                     state->records[i].taken = true;
                                     e.value = i + 1;
                                     return;
                                   }
                                 }).value);
  }
  static void give_back(uint32_t number) {
    quietly([&](Entry&) { record(number).taken = false; });
  }
  static Record::Hold lock(uint32_t number, bool for_read) {
    const bool reader = for_read && setting.sharded;
    just_locked = true;
    const bool any = setting.weakness == Weakness::kNoLock;
    if (at == thread->log.size() && !stepped && !any) {
      const ModelRecord& wanted = record(number);
      const bool beside = setting.weakness == Weakness::kReadersBesideWriter;
      if ((wanted.alone && !(reader && beside)) || (!reader && wanted.readers != 0 && !beside)) {
        stepped = true;  // it waits: not now
      }
    }
    once([&](Entry&) {
      if (any) return;
      if (reader) {
        ++record(number).readers;
      } else {
        record(number).alone = true;
      }
    });
    return reader ? Record::Hold::kAsReader : Record::Hold::kAlone;
  }
  static void unlock(uint32_t number, Record::Hold hold) {
    store_pending();
    once([&](Entry&) {
      if (hold == Record::Hold::kAsReader) {
        if (record(number).readers != 0) --record(number).readers;
      } else {
        record(number).alone = false;
      }
    });
  }
  static void put(uint32_t number, Stamp stamp) {
    quietly([&](Entry&) { record(number).stamps.push_back(stamp); });
  }
  static Looked look(uint32_t number, Stamp access, const FiberClock& clock, Races& races,
                     Record::Hold hold) {
    const Entry done = quietly([&](Entry& e) { look_now(number, access, clock, hold, e); });
    for (const Stamp race : done.stamps) races.add(race);
    return {done.value != 0, done.only, done.beside, 0};
  }
  static void clear(uint32_t number) {
    quietly([&](Entry&) { record(number).stamps.clear(); });
  }
  static void forget() {
    quietly([](Entry&) { ++state->forgotten; });
  }
  template <typename Visit>
  static void visit(uint32_t number, Visit visitor) {
    const Entry seen = quietly([&](Entry& e) { e.stamps = record(number).stamps; });
    for (const Stamp stamp : seen.stamps) visitor(stamp);
  }

 private:
  static void store_pending() {
    if (!slot1_pending) return;
    slot1_pending = false;
    once([&](Entry&) { state->slots[1] = slot1_value; });
  }
  template <typename Step>
  static Entry once(Step step) {
    if (at < thread->log.size()) return thread->log[at++];
    if (stepped) {
      incomplete = true;
      return {.value = 1, .only = 0, .beside = 0, .stamps = {}};
    }
    stepped = true;
    ++at;
    Entry entry;
    step(entry);
    return thread->log.emplace_back(entry);
  }
  // Nobody else sees it before a step of once(): made together with the next one.
  template <typename Step>
  static Entry quietly(Step step) {
    const bool at_frontier = at == thread->log.size() && !stepped;
    const Entry entry = once(step);
    if (at_frontier) stepped = false;
    return entry;
  }
  static ModelRecord& record(uint32_t number) { return state->records[(number - 1) % 3]; }

  static void look_now(uint32_t number, Stamp access, const FiberClock& clock, Record::Hold hold,
                       Entry& entry) {
    std::vector<Stamp>& stamps = record(number).stamps;
    for (const Stamp earlier : stamps) {
      if (stamp_subsumes(earlier, access)) entry.value = 1;
      if (races_with(earlier, access, clock)) entry.stamps.push_back(earlier);
    }
    if (entry.value != 0) return;
    if (hold == Record::Hold::kAlone)
      std::erase_if(stamps, [&](Stamp earlier) { return replaces(access, earlier, clock); });
    if (stamps.size() < 2) {
      entry.only = access;
      entry.beside = stamps.empty() ? 0 : stamps[0];
    } else {
      stamps.push_back(access);
    }
  }
};

}  // namespace fibersan::model

#endif  // FIBERSAN_TESTS_MODEL_EXTENDED_CELL_STEPS_H
