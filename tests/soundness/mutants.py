#!/usr/bin/env python3
"""Breaks the eliminations on purpose, one rule at a time, and says which program noticed.

    mutants.py [--match=TEXT] [--fast]      --fast: whether each row of the table still applies

Input:   a built tree with its compile commands.
Output:  for each mutant "mutant: killed by <file> <level> <scenario>: <difference>"; the last line is
         "N passed, N failed". One that survives the corpus, or applies no more, fails.
State:   the pass's library is linked anew from one mutated file, in a temporary folder; the build
         without eliminations is always that of the tree.
"""
import collections
import concurrent.futures
import glob
import importlib.util
import itertools
import os
import shutil
import sys
import tempfile
import threading

import build
import compare
import generate

_spec = importlib.util.spec_from_file_location("mutant_build", os.path.join(build.TOP, "tests", "mutants", "build.py"))
mutant_build = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(mutant_build)

Mutant = collections.namedtuple("Mutant", "name file marks old new")
SUMMARY, PRUNING = "instrument/release_summary.cpp", "instrument/check_pruning.cpp"
FACTS, MERGING = "instrument/check_facts.cpp", "instrument/check_merging.cpp"
CERTAINTY, MOTION = "instrument/loop_certainty.cpp", "instrument/loop_checks.cpp"
RANGES = "instrument/loop_ranges.cpp"

MUTANTS = [
    Mutant("atomic operations release nothing", SUMMARY, ["Effects of_order("],
           "if (llvm::isReleaseOrStronger(order)) effects |= kReleases;", ""),
    Mutant("atomic stores release nothing", SUMMARY, [], "return of_order(store->getOrdering()) & kReleases;",
           "return kNoEffect;"),
    Mutant("read-modify-writes do nothing", SUMMARY, [], "return of_order(update->getOrdering());",
           "return kNoEffect;"),
    Mutant("fences do nothing", SUMMARY, [], "return of_order(llvm::cast<llvm::FenceInst>(instruction).getOrdering());",
           "return kNoEffect;"),
    Mutant("unknown functions do nothing", SUMMARY, [],
           "auto [entry, is_new] = libraries_.try_emplace(&function, kAnything);",
           "auto [entry, is_new] = libraries_.try_emplace(&function, kNoEffect);"),
    Mutant("calls through pointers do nothing", SUMMARY, [],
           "if (callee == nullptr) return only_computes ? kNoEffect : kAnything;",
           "if (callee == nullptr) return kNoEffect;"),
    Mutant("what a callee's callee does is forgotten", SUMMARY, ["void add(const Function& caller"],
           "open_.push_back(&caller);", ""),
    Mutant("what known callees do is forgotten", SUMMARY, ["void add(const Function& caller"],
           "const Effects of_callee = summary_.effects_of(*site.call) & ~kHangs;",
           "const Effects of_callee = kNoEffect;"),
    Mutant("a local or a heap block is never known to others", "instrument/capture_order.cpp",
           ["CaptureOrder::is_unknown_to_others("],
           "if (captures.are_anywhere || captures.around[is_newest].contains(at.getParent())) return false;", ""),
    Mutant("setjmp is an ordinary function", SUMMARY, [],
           "if (call.hasFnAttr(llvm::Attribute::ReturnsTwice)) return kAnything;  // S5",
           "if (call.hasFnAttr(llvm::Attribute::ReturnsTwice)) return kNoEffect;"),
    Mutant("repeated: a read covers a write", FACTS, ["bool covers("],
           "(outer.kind == AccessKind::kWrite || inner.kind == AccessKind::kRead)", "true"),
    Mutant("repeated: a part covers the whole", FACTS, ["bool covers("],
           "outer.begin <= inner.begin && inner.end <= outer.end",
           "outer.begin <= inner.begin && inner.begin < outer.end"),
    Mutant("repeated: a check under a mask covers", FACTS, ["bool makes_facts("],
           "return access.mask == nullptr && !sets_vptr;", "return !sets_vptr;"),
    Mutant("repeated: over a release in one branch", PRUNING, ["BitVector known_at_begin("],
           "known &= at_end[before];", "known |= at_end[before];"),
    Mutant("repeated: over a release in a block between", PRUNING, ["void drop_repeated()"],
           "if (!releases_[i]) known |=",
           "known |="),
    Mutant("repeated: over a release in its own block", PRUNING, ["for (const Block& block : blocks_)"],
           "if (event.releases) known.reset();", ""),
    Mutant("later: over an acquire", PRUNING, ["void read("],
           "if (releases || summary.may_acquire(instruction) || summary.may_not_return(instruction))",
           "if (releases || summary.may_not_return(instruction))"),
    Mutant("later: over what may not return", PRUNING, ["void read("],
           "if (releases || summary.may_acquire(instruction) || summary.may_not_return(instruction))",
           "if (releases || summary.may_acquire(instruction))"),
    Mutant("later: in one branch", PRUNING, ["void drop_for_later()"], "certain &= at_begin[after];",
           "certain |= at_begin[after];"),
    Mutant("adjacent: over what synchronises or does not return", MERGING, ["bool separates("],
           "if (summary_.may_synchronise(*i) || summary_.may_not_return(*i)) return true;", ""),
    Mutant("adjacent: reads with writes", MERGING, ["std::optional<Piece> merge("], "first.kind != second.kind ||", ""),
    Mutant("adjacent: neighbours at any distance", MERGING, ["std::optional<Piece> merge("],
           "if (distance != size && distance != -size) return std::nullopt;", ""),
    Mutant("hoisted: a conditional access", CERTAINTY, ["surely_reaches(const BasicBlock& block)"],
           "if (next == loop_.getHeader() || !loop_.contains(next)) return false;",
           "if (next == loop_.getHeader() || !loop_.contains(next)) continue;"),
    Mutant("loop-range: an early exit forgotten", CERTAINTY, ["surely_reaches(const BasicBlock& block)"],
           "if (next == loop_.getHeader() || !loop_.contains(next)) return false;",
           "if (next == loop_.getHeader()) return false; if (!loop_.contains(next)) continue;"),
    Mutant("loop-range: one element too long", RANGES, ["void add("], "evolution_.getAddExpr(advance, number(size));",
           "evolution_.getAddExpr(advance, number(size + std::abs(step)));"),
    Mutant("hoisted: over a release", MOTION, [], "if (certainty.may_release()) return stay(inside);", ""),
    Mutant("loop-range: over an acquire", MOTION, [], "!certainty.may_acquire() && ", ""),
]


def plugin_folder(folder, mutant):
    """A folder with fibersan.cfg that names the mutated pass; None: the mutant does not apply."""
    with open(os.path.join(build.TOP, mutant.file), encoding="utf-8") as file:
        text = mutant_build.applied(file.read(), mutant.marks, mutant.old, mutant.new)
    if text is None:
        return None
    path = os.path.join(folder, mutant.file)
    os.makedirs(os.path.dirname(path))
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    made = mutant_build.compile_with(folder, mutant.file)
    name = "fibersan-instrument-llvm19.so"
    line = mutant_build.call(["ninja", "-C", build.BUILD, "-t", "commands", f"lib/{name}"]).stdout.splitlines()[-1]
    words = line.replace(": && ", "").replace(" && :", "").split()
    replaced = os.path.basename(mutant.file) + ".o"
    words = [made if word.endswith("/" + replaced) and "fibersan-instrument-llvm19.dir" in word else word
             for word in words]
    library = os.path.join(folder, "lib", name)
    os.makedirs(os.path.dirname(library))
    words[words.index("-o") + 1] = library
    done = mutant_build.call(words, cwd=build.BUILD)
    if done.returncode != 0:
        raise build.Broken(done.stdout[-2000:])
    shutil.copy(os.path.join(build.BUILD, "lib", "fibersan-instrument.so"), os.path.join(folder, "lib"))
    with open(os.path.join(build.BUILD, "fibersan.cfg"), encoding="utf-8") as file:
        lines = [line.replace("<CFGDIR>", folder if "fibersan-instrument.so" in line else build.BUILD) for line in file]
    with open(os.path.join(folder, "fibersan.cfg"), "w", encoding="utf-8") as file:
        file.writelines(lines)
    return folder


class Corpus:
    """Files in the order of the corpus, and what they report without eliminations, computed once."""

    ORDER = [(number, level) for level in ("O2", "O1", "O3") for number in range(1, compare.FILES + 1)]

    def __init__(self, frame):
        self.frame = frame
        self.known = {}
        self.found = None
        self.lock = threading.Lock()

    def kept(self):
        """Those in found/: for each its path, level and scenarios, and what it reports without eliminations."""
        with self.lock:
            if self.found is None:
                self.found = []
                for path in sorted(glob.glob(os.path.join(build.HERE, "found", "*.cpp"))):
                    scenarios, level = compare.kept(path)
                    library = self.frame.compile(path, os.path.basename(path) + ".without",
                                                 build.LEVELS[level] + build.WITHOUT)
                    races = build.run_all(build.races, self.frame.checking, library, scenarios)
                    self.found.append((path, level, scenarios, races))
            return self.found

    def without(self, number, level):
        with self.lock:
            return self.computed(number, level)

    def computed(self, number, level):
        if (number, level) not in self.known:
            scenarios = generate.scenarios_of(number, compare.SCENARIOS)
            source = compare.write_file(self.frame, scenarios, f"file{number}")
            library = self.frame.compile(source, f"file{number}.{level}.without", build.LEVELS[level] + build.WITHOUT)
            races = build.run_all(build.races, self.frame.checking, library, scenarios)
            self.known[(number, level)] = source, scenarios, races
        return self.known[(number, level)]


def judge(mutant, corpus):
    with tempfile.TemporaryDirectory() as folder:
        try:
            if plugin_folder(folder, mutant) is None:
                return False, f"{mutant.name}: does not apply any more to {mutant.file}"
        except (build.Broken, mutant_build.NotBuilt) as error:
            return False, f"{mutant.name}: does not build: {error}"
        kept = [(path, level, scenarios, without, os.path.basename(path))
                for path, level, scenarios, without in corpus.kept()]
        generated = ((source, level, scenarios, without, f"file {number}")
                     for number, level in Corpus.ORDER for source, scenarios, without in [corpus.without(number, level)])
        for source, level, scenarios, without, name in itertools.chain(kept, generated):
            try:
                library = corpus.frame.compile(source, f"mutant{abs(hash(mutant.name))}", build.LEVELS[level],
                                               build.config("fibersan.cfg", folder))
                found = build.run_all(build.races, corpus.frame.checking, library, scenarios)
            except build.Broken as broken:
                return True, f"{mutant.name}: killed by {name} -{level}: {str(broken)[:100]}"
            for view, sentence in compare.differences(without, found):
                return True, f"{mutant.name}: killed by {name} -{level} {view[0]} {view[1]}: {sentence}"
    return False, f"{mutant.name}: SURVIVES"


def main():
    if "--help" in sys.argv:
        print(__doc__.strip())
        return 0
    wanted = [mutant for mutant in MUTANTS if compare.option("match", "") in mutant.name]
    if "--fast" in sys.argv:
        stale = []
        for mutant in wanted:
            with open(os.path.join(build.TOP, mutant.file), encoding="utf-8") as file:
                if mutant_build.applied(file.read(), mutant.marks, mutant.old, mutant.new) is None:
                    stale.append(mutant.name)
        for name in stale:
            print(f"{name}: does not apply any more")
        print(f"{len(wanted) - len(stale)} passed, {len(stale)} failed")
        return 1 if stale else 0
    passed = 0
    with tempfile.TemporaryDirectory(prefix="soundness") as folder:
        corpus = Corpus(build.Frame(folder))
        with concurrent.futures.ThreadPoolExecutor(max(1, len(os.sched_getaffinity(0)) // 2)) as pool:
            for done in concurrent.futures.as_completed([pool.submit(judge, mutant, corpus) for mutant in wanted]):
                ok, line = done.result()
                passed += ok
                print(line, flush=True)
    print(f"{passed} passed, {len(wanted) - passed} failed")
    return 0 if passed == len(wanted) else 1


if __name__ == "__main__":
    sys.exit(main())
