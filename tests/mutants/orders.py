"""Every memory order of the lock-free code, weakened in turn; models over a weak memory must notice.

The orders are found in the files themselves, so a new one is a mutant from then on. A file without a
model needs a word in WITHOUT_MODEL. A row of SURVIVORS says why a weaker order changes nothing that
anybody can see.
"""
import os
import re
import tempfile
import threading
from collections import namedtuple

import build

MEMORY = os.path.join("tests", "model", "memory")
DETECTOR = MEMORY + "/detector/"
FLAGS = ["-std=gnu++20", "-O1", "-w", "-fno-omit-frame-pointer", "-D_FORTIFY_SOURCE=0"]
MORE_LOCATIONS = "-DMODEL_LOCATIONS=128"  # for the detector's models; the machine is slower with them

# A test program and the files whose orders it is about. `prepared`: file, marks, old, new: what the
# model needs to be different there, see tests/model/memory/detector/detector.h. `fakes`: a header
# that takes another's place.
class Model(namedtuple("Model", "name test files prepared fakes", defaults=((), ()))):
    __slots__ = ()

    @property
    def is_unit_test(self):
        return self.test.endswith("_test.cpp")


# place: an offset, or (without old and new) a list of replacements.
Mutant = namedtuple("Mutant", "name model file place old new survives")

FAKE_MAPPING = ("detector/history/mapping.h", """#pragma once
namespace fibersan {
inline void* map_memory(size_t bytes, const char*) { return model::zeroed_memory(bytes); }
inline void* try_map_memory(size_t bytes) { return model::zeroed_memory(bytes); }
inline void unmap_memory(void*, size_t) {}
inline void zero_memory(void*, size_t) {}
inline void give_back_pages(void*, size_t) {}
}
""")
FAKE_FIBER_CLOCK = ("detector/clock/fiber_clock.h", """#pragma once
#include "detector/clock/stamp.h"
namespace fibersan {
class FiberClock {
 public:
  explicit FiberClock(unsigned lanes) : lanes_(lanes) {}
  bool covers(Stamp stamp) const { return (lanes_ >> stamp_lane(stamp) & 1) != 0; }
 private:
  unsigned lanes_;
};
}
""")

FAKE_RACES = ("detector/shadow/races.h", """#pragma once
#include "detector/clock/stamp.h"
namespace fibersan {
class Races {
 public:
  void add(Stamp stamp) { stamps_.push_back(stamp); }
  void clear() { stamps_.clear(); }
  bool empty() const { return stamps_.empty(); }
 private:
  std::vector<Stamp> stamps_;
};
}
""")

FAKE_RECORD = ("detector/shadow/record.h", """#pragma once
#include "detector/clock/spin_lock.h"
#include "detector/shadow/cell.h"
namespace fibersan {
struct Looked { bool was_there = false; Stamp only = 0; Stamp beside = 0; Stamp shown = 0; };
class Record {
 public:
  enum class Hold { kAlone, kAsReader };
  Hold lock(bool) { lock_.lock(); return Hold::kAlone; }
  void unlock(Hold) { lock_.unlock(); }
  void put(Stamp stamp) { stamps_.push_back(stamp); }
  Looked look(Stamp access, const FiberClock& clock, Races& races, Hold) {
    bool was_there = false;
    for (Stamp earlier : stamps_) {
      if (stamp_subsumes(earlier, access)) was_there = true;
      else if (races_with(earlier, access, clock)) races.add(earlier);
    }
    if (!was_there) stamps_.push_back(access);
    return {was_there, 0, 0, 0};
  }
  bool holds(Stamp access, Hold) const {
    for (Stamp there : stamps_) if (stamp_subsumes(there, access)) return true;
    return false;
  }
  void clear() { stamps_.clear(); }
  void visit(void (*)(Stamp, void*), void*) {}
 private:
  SpinLock lock_;
  std::vector<Stamp> stamps_;
};
inline std::deque<Record> all_records;
inline void begin_records() { all_records.clear(); all_records.emplace_back(); }
inline uint32_t take_record() { all_records.emplace_back(); return static_cast<uint32_t>(all_records.size() - 1); }
inline void give_back_record(uint32_t) {}
inline Record& record_at(uint32_t number) { return all_records[number]; }
inline void count_forgotten(uint64_t) {}
inline uint64_t forgotten_stamps() { return 0; }
inline uint64_t records_in_use() { return 0; }
}
""")

RING, CHUNKS, CACHE = (f"detector/history/{name}" for name in ("ring", "event_chunks", "context_cache"))
MODELS = [
    Model("the run queue", MEMORY + "/run_queue_test.cpp", ["runtime/run_queue.h"]),
    Model("a fiber's state", MEMORY + "/fiber_state_test.cpp", ["runtime/fiber_state.h"]),
    Model("the detector's spin lock", DETECTOR + "spin_lock.cpp", ["detector/clock/spin_lock.h"]),
    Model("a cell of the shadow", DETECTOR + "cell.cpp", ["detector/shadow/cell.h"],
          fakes=[FAKE_FIBER_CLOCK, FAKE_RACES]),
    Model("a cell that gets a record", DETECTOR + "extended.cpp", ["detector/shadow/extended.cpp"],
          fakes=[FAKE_FIBER_CLOCK, FAKE_RACES, FAKE_RECORD]),
    Model("the ring of accesses", DETECTOR + "ring.cpp", [RING + ".h", RING + ".cpp", CHUNKS + ".h", CHUNKS + ".cpp"], [
        (CHUNKS + ".h", [], "static_assert(sizeof(RingEvent) == 16);", ""),
        (CHUNKS + ".h", [], "static_assert(sizeof(EventChunk) == 64);", ""),
        (CHUNKS + ".h", [], "kEvents = 4096", "kEvents = 4"),
        (CHUNKS + ".h", [], "kLog2Bits = 8", "kLog2Bits = 6"),
        (CHUNKS + ".h", [], "uint32_t index; ", "model::Tracked<uint32_t> index; "),
        (CHUNKS + ".cpp", [], "kMoreThanThreads = 1u << 16", "kMoreThanThreads = 1"),
        (CHUNKS + ".cpp", [], "kFewest = 4", "kFewest = 2"),
    ], [FAKE_MAPPING]),
    Model("the cache of calling contexts", DETECTOR + "contexts.cpp", [CACHE + ".h", CACHE + ".cpp"], [
        (CACHE + ".h", [], "unsigned shift;", "model::Tracked<unsigned> shift;"),
        (CACHE + ".cpp", [], "kFirstShift = 64 - 10", "kFirstShift = 64 - 1"),
        (CACHE + ".cpp", [], "kLastShift = 64 - 16", "kLastShift = 64 - 2"),
        (CACHE + ".cpp", [], "kShiftStep = 2", "kShiftStep = 1"),
        (CACHE + ".cpp", [], "puts > 4 * lines->count()", "puts > lines->count()"),
    ], [FAKE_MAPPING]),
    Model("heap blocks", DETECTOR + "blocks.cpp", ["detector/heap/block_table.cpp"], fakes=[FAKE_MAPPING]),
]

# Where nobody can notice: file, part of the line, the weaker order, why.
NOT_MADE = "a load that reads what is stored later (load buffering): the model runs each thread in order"
NOT_KEPT = "two stores that change places: the model runs each thread in order; a stamp in slot 1 would be lost"
ZEROES = "the table's pages are the kernel's zeroes: nothing was written before it is published"
QUEUE, STATE, BLOCKS = "runtime/run_queue.h", "runtime/fiber_state.h", "detector/heap/block_table.cpp"
STOPPED = "all workers have stopped, and who waits for that is ordered behind them"
SURVIVORS = [
    (QUEUE, "if (tail - head_.load(", "relaxed", NOT_MADE),
    (QUEUE, "to.head_.load(", "relaxed", NOT_MADE),
    (QUEUE, "head_.compare_exchange_weak(", "relaxed", NOT_MADE),
    (QUEUE, "peek_next()", "relaxed",
     "steal_next() acquires; the peek orders the owner's count of picks, which the model has not"),
    (QUEUE, "return next_.compare_exchange_strong(", "relaxed", "peek_next() has acquired the same push before"),
    (STATE, "FiberState seen = word_.load(", "relaxed", "the waker has acquired the context, and the queue hands it on"),
    (STATE, "std::memory_order_acq_rel, std::memory_order_relaxed", "release", "dispatch() acquires the context"),
    (STATE, "FiberState::kStopped, std::memory_order_acq_rel", "acquire", STOPPED),
    (STATE, "FiberState::kStopped, std::memory_order_acq_rel", "release", STOPPED),
    ("detector/shadow/cell.h", "__ATOMIC_SEQ_CST);", "ACQ_REL", "who failed looks again, with loads that are seq_cst"),
    ("detector/shadow/extended.cpp", "__atomic_exchange_n(", "ACQ_REL",
     "who exchanges slot 1 afterwards acquires from it that slot 0 has changed, who did before is read"),
    ("detector/shadow/extended.cpp", "__atomic_store_n(", "RELAXED", NOT_KEPT),
    (BLOCKS, "place.compare_exchange_strong(", "acquire", ZEROES),
    (BLOCKS, "place.compare_exchange_strong(", "release", ZEROES),
    (BLOCKS, "// [N2]", "relaxed", ZEROES),
]

# What no single weaker order is: several at once where each stands in for the other, and a bound.
# Name, model, file, replacements (marks, old, new), why nobody can notice.
_A, _R, _X = ("std::memory_order_" + order for order in ("acquire", "release", "relaxed"))
BY_HAND = [
    ("a push beyond the ring's end", QUEUE, [(["push(Item* item)"], ">= kCapacity", "> kCapacity")], None),
    ("neither peek_next() nor steal_next() acquires", QUEUE,
     [(["steal_next"], _A, _X), (["peek_next()"], _A, _X)], None),
    ("neither dispatch() nor wake() acquires", STATE,
     [(["dispatch()"], f"word_.load({_A})", f"word_.load({_X})"), (["NextStep wake()"], "std::memory_order_acq_rel", _R)], None),
    ("no second look after the exchange", "detector/shadow/cell.h",
     [(["check_cell("], "const Stamp other = Slots::load(cell.slots[1 - slot]);", "const Stamp other = result.seen[1 - slot];")],
     None),
    ("the exchange is a plain store", "detector/shadow/cell.h",
     [(["check_cell("], "if (!Slots::exchange(cell.slots[slot], before, after)) continue;",
       "while (!Slots::exchange(cell.slots[slot], Slots::load(cell.slots[slot]), after)) {}")], None),
    ("a reader does not look at the chunk's number again", RING + ".h",
     [(["void Ring::visit_chunk("], "if (chunk.sequence.load(std::memory_order_relaxed) != sequence) return;", ";")], None),
    ("an entry of the cache is what its one half says", CACHE + ".h",
     [(["uint64_t find("], "(entry.key_and_value.load(std::memory_order_relaxed) ^ value) == key &&", "")], None),
]

# Files whose orders no model is about, and why.
WITHOUT_MODEL = {
    "detector/race/hooks_atomic.cpp": "the program's own operations, all made seq_cst",
    "detector/findings/report_lock.cpp": "a lock of one exchange each way around a system call",
    "detector/race/hooks_fiber.cpp": "a flag for reports, which need no more than itself",
    "detector/race/attached_threads.cpp": "a flag for reports, which need no more than itself",
    "detector/race/known_fibers.cpp": "a list that only grows at its front beside readers; ThreadSanitizer as for clock.cpp",
    "detector/race/record_fast.h": "the steps of extended_steps.h under the record's lock; tests/model/extended_cell_test.cpp",
    "detector/shadow/record.h": ZEROES,
    "detector/shadow/record.cpp": ZEROES + "; shards that are used again are ordered by their own locks",
    "detector/fiber.h": "a turn that only its fiber moves; who looks at it twice takes the same one for no move",
    "detector/deadlock/wait_cycle.cpp": "two looks at such turns; the locks of the list of fibers lie between",
    "detector/deadlock/world_copy.cpp": "a flag after the result, in memory that the program shares with a process of one thread",
    "detector/findings/other_parties.cpp": "a turn, for a report",
    "detector/deadlock/waiters.cpp": "a table of constants, given before the first fiber runs",
    "detector/clock/clock.cpp": "reference counts; ThreadSanitizer judges them in unit_clock with threads (`utils/check tsan`)",
    "detector/clock/lane.cpp": "a block is made before its lanes are known; ThreadSanitizer as for clock.cpp",
}

WEAKER = {"seq_cst": ["acq_rel"], "acq_rel": ["acquire", "release"], "acquire": ["relaxed"], "release": ["relaxed"]}
ORDER = re.compile(r"(std::memory_order_|__ATOMIC_)(acquire|release|acq_rel|seq_cst|ACQUIRE|RELEASE|ACQ_REL|SEQ_CST)\b")


def orders_of(path):
    """(offset, old, new, line number, line) for each order in the code of a file and each weaker one."""
    with open(os.path.join(build.TOP, path), encoding="utf-8") as file:
        text = file.read()
    code = re.sub(r"//[^\n]*", lambda match: " " * len(match.group()), text)
    for match in ORDER.finditer(code):
        order = match.group(2)
        before = code[max(0, match.start() - 160):match.start()]
        operation = re.split(r"[;{}]", before)[-1]
        weaker = list(WEAKER[order.lower()])
        if order.lower() == "seq_cst" and re.search(r"load", operation):
            weaker = ["acquire"]
        if order.lower() == "seq_cst" and re.search(r"store", operation):
            weaker = ["release"]
        line = text[text.rfind("\n", 0, match.start()) + 1:text.find("\n", match.end())].strip()
        for one in weaker:
            new = match.group(1) + (one.upper() if order.isupper() else one)
            yield match.start(), match.group(), new, text.count("\n", 0, match.start()) + 1, line


def word(order):
    return order.removeprefix("std::memory_order_").removeprefix("__ATOMIC_").lower()


def mutants_of(model):
    for path in model.files:
        for offset, old, new, number, line in orders_of(path):
            why = next((why for file, part, order, why in SURVIVORS
                        if file == path and part in line and word(new) == order.lower()), None)
            yield Mutant(f"{path}:{number}: {line}: {word(old)} -> {word(new)}", model, path,
                         offset, old, new, why)


def prepare(folder, model, changed, change):
    """Writes the model's prepared files; `change` makes the mutant of the file `changed`."""
    texts = {}
    for path in {changed, *(row[0] for row in model.prepared)} - {None}:
        with open(os.path.join(build.TOP, path), encoding="utf-8") as file:
            texts[path] = file.read()
        if path == changed:
            texts[path] = change(texts[path])
    for path, marks, old, new in model.prepared:
        texts[path] = build.applied(texts[path], marks, old, new)
        if texts[path] is None:
            raise build.NotBuilt(f"{path} has no more: {old}")
    for path, text in [*texts.items(), *model.fakes]:
        target = os.path.join(folder, path)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(target, "w", encoding="utf-8") as file:
            file.write(text)


_machine_lock = threading.Lock()
_machine = {}


def machine(flags):
    """machine.cpp, compiled once for each list of flags."""
    with _machine_lock:
        key = tuple(flags)
        if key not in _machine:
            _machine[key] = os.path.join(build.programs_folder(), f"machine{len(_machine)}.o")
            done = build.call([build.COMPILER, *flags, "-I", build.TOP, "-c", f"{build.TOP}/{MEMORY}/machine.cpp", "-o",
                               _machine[key]])
            if done.returncode != 0:
                raise build.NotBuilt(done.stdout[:2000])
        return _machine[key]


def run(model, changed=None, change=None):
    """(whether the model notices, by what)."""
    with tempfile.TemporaryDirectory() as folder:
        prepare(folder, model, changed, change)
        program = os.path.join(folder, "test")
        unit_test = ["-lgtest", "-lgtest_main"] if model.is_unit_test else []
        flags = FLAGS if model.is_unit_test else [*FLAGS, MORE_LOCATIONS]
        done = build.call([build.COMPILER, *flags, "-I", folder, "-I", build.TOP, os.path.join(build.TOP, model.test),
                           machine(flags), "-o", program, *unit_test, "-l:libboost_context.a", "-pthread"])
        if done.returncode != 0:
            raise build.NotBuilt(done.stdout[:3000])
        try:
            done = build.call([program], timeout=build.SECONDS)
        except build.subprocess.TimeoutExpired:
            return True, "time limit"
        broken = re.search(r"(?:cut; |Which is: \")(?!holds)([^;\n]*); choices", done.stdout)
        return done.returncode != 0, broken.group(1) if broken else "crash"


def judge_as_it_is(model):
    try:
        noticed, how = run(model)
    except build.NotBuilt as error:
        return False, f"model of {model.name}: does not build: {error}"
    return not noticed, f"model of {model.name}: " + (f"FAILS as it is: {how}" if noticed else "holds")


def change_of(mutant):
    if mutant.old is not None:
        return lambda text: text[:mutant.place] + mutant.new + text[mutant.place + len(mutant.old):]

    def several(text):
        for row in mutant.place:
            text = build.applied(text, *row)
            if text is None:
                raise build.NotBuilt(f"does not apply any more to {mutant.file}")
        return text
    return several


def judge(mutant):
    try:
        noticed, how = run(mutant.model, mutant.file, change_of(mutant))
    except build.NotBuilt as error:
        return False, f"{mutant.name}: does not build: {error}"
    if noticed:
        return mutant.survives is None, f"{mutant.name}: killed by the model of {mutant.model.name}: {how}"
    if mutant.survives is not None:
        return True, f"{mutant.name}: cannot be noticed: {mutant.survives}"
    return False, f"{mutant.name}: SURVIVES"


def by_hand():
    for name, path, replacements, why in BY_HAND:
        model = next(model for model in MODELS if path in model.files)
        yield Mutant(f"{path}: {name}", model, path, replacements, None, None, why)


def judge_coverage(folder):
    """Every file of the detector with an order has a model or a reason."""
    known = {path for model in MODELS for path in model.files} | set(WITHOUT_MODEL)
    files = (os.path.relpath(os.path.join(where, name), build.TOP) for where, _, names in
             os.walk(os.path.join(build.TOP, folder)) for name in names if name.endswith((".h", ".cpp")))
    unknown = sorted(path for path in files if path not in known and any(True for _ in orders_of(path)))
    return not unknown, f"lock-free code of {folder}: " + ("no model for " + ", ".join(unknown) if unknown else
                                                            f"{len(known)} files have models or reasons")


MUTANTS = [mutant for model in MODELS for mutant in mutants_of(model)] + list(by_hand())
