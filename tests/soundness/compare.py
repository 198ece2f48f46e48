#!/usr/bin/env python3
"""Do eliminations of checks lose or invent a race? Compares builds without and with them.

    compare.py                       the bounded part that utils/check runs: a minute of CPU
    compare.py --all                 the whole corpus at four levels
    compare.py --kept                those in found/
    compare.py --programs            the programs of tests/programs
    compare.py --file=N [--level=O2] [--keep]    one file; its sources and libraries stay in build/soundness

Input:   a built tree.
Output:  for each difference the scenario, the view, the byte and both verdicts; the last line is
         "N passed, N failed", counted in scenarios and levels.
"""
import concurrent.futures
import glob
import itertools
import os
import re
import shutil
import sys
import tempfile
import types

import build
import generate
import programs

FILES = 24  # of the corpus
SCENARIOS = 15
# What the check compiles: a file, and at which levels.
QUICK = [(1, ["O0", "O2"]), (2, ["O1"]), (3, ["O2"]), (4, ["O3"]), (5, ["O2"])]


def text(level):
    words = ["", "read", "write"]
    parts = [words[level.plain], level.atomic and "atomic " + words[level.atomic]]
    return " and ".join(filter(None, parts)) or "nothing"


def differences(without, with_all):
    """Both directions, as sentences: lost and invented races."""
    for view in sorted(set(without) | set(with_all)):
        if view not in without or view not in with_all:
            yield view, f"only ran {'without' if view in without else 'with'} eliminations"
            continue
        for byte in sorted(set(without[view]) | set(with_all[view])):
            one, other = (races[view].get(byte, build.Level(0, 0)) for races in (without, with_all))
            if one != other:
                verdict = "LOST" if other.plain <= one.plain and other.atomic <= one.atomic else "INVENTED"
                yield view, (f"{verdict}: target {byte[0]} byte {byte[1]}: {text(one)} without eliminations, "
                             f"{text(other)} with")


def against_reference(expected, found, is_exact):
    """What raced though the program has no such race; with is_exact also what it has and did not race."""
    for view in sorted(found):
        if view not in expected:
            yield view, "not in the reference run"
            continue
        for byte in sorted(set(expected[view]) | set(found[view])):
            plain, atomic, maybe = expected[view].get(byte, (0,) * 5)[:3]
            level = found[view].get(byte, build.Level(0, 0))
            truth = (f"target {byte[0]} byte {byte[1]}: {text(level)}, the program has "
                     f"{text(build.Level(plain, atomic))}")
            if level.plain > max(plain, maybe) or level.atomic > atomic:
                yield view, "INVENTED without eliminations: " + truth
            elif is_exact and level != build.strongest(plain, atomic) and not maybe:
                yield view, "LOST without eliminations: " + truth


def compare(frame, source, name, scenarios, level, expected=None, configuration=None):
    """[(view, sentence)] for one file at one level."""
    def races(variant, options, of=None):
        library = frame.compile(source, f"{name}.{level}.{variant}", build.LEVELS[level] + options, of)
        return build.run_all(build.races, frame.checking, library, scenarios)

    try:
        without = races("without", build.WITHOUT)
        problems = list(differences(without, races("with", [], configuration)))
        if expected is not None:
            problems += against_reference(expected, without, level == "O0")
        return problems
    except build.Broken as broken:
        return [(("every scenario", ""), str(broken))]


def write_file(frame, scenarios, name):
    source = os.path.join(frame.folder, name + ".cpp")
    with open(source, "w", encoding="utf-8") as out:
        out.write(generate.file_of(scenarios))
    return source


def reference_of(frame, source, name, scenarios):
    library = frame.compile_reference(source, name + ".reference")
    return build.run_all(build.expected, frame.reference, library, scenarios)


def judge_file(frame, number, levels):
    scenarios = generate.scenarios_of(number, SCENARIOS)
    source = write_file(frame, scenarios, f"file{number}")
    return judge(frame, source, f"file{number}", scenarios, levels, f"--file={number}")


def judge(frame, source, name, scenarios, levels, again):
    """(passed, failed, lines)"""
    failed, lines = 0, []
    try:
        expected = reference_of(frame, source, name, scenarios)
    except build.Broken as broken:
        return 0, len(scenarios), [f"{name}: {broken}"]
    for level in levels:
        problems = compare(frame, source, name, scenarios, level, expected)
        bad = sorted({view[0] for view, _ in problems})
        failed += len(bad)
        for scenario, group in itertools.groupby(problems, lambda problem: problem[0][0]):
            group = list(group)
            lines.append(f"{name} -{level}: {scenario}: {len(group)} differences; again: tests/soundness/compare.py "
                         f"{again} --level={level} --keep")
            lines += [f"    {view[1]}: {sentence}" for view, sentence in group[:4]]
    return max(0, len(scenarios) * len(levels) - failed), failed, lines


def kept(path):
    """A program that was found once: its first line says what a Scenario would know."""
    with open(path, encoding="utf-8") as file:
        first = file.readline()
    words = dict(re.findall(r"(\w+)=(\w+)", first))
    return [types.SimpleNamespace(name="s0", profile=words["profile"], acquires=int(words["acquires"]))], words["level"]


def kept_jobs(frame):
    for path in sorted(glob.glob(os.path.join(build.HERE, "found", "*.cpp"))):
        scenarios, level = kept(path)
        yield lambda path=path, scenarios=scenarios, level=level: judge(
            frame, path, os.path.basename(path)[:-4], scenarios, [level], "--kept")


def option(name, default=None):
    return next((word.split("=", 1)[1] for word in sys.argv[1:] if word.startswith(f"--{name}=")), default)


def jobs(frame):
    if option("file"):
        levels = [option("level")] if option("level") else list(build.LEVELS)
        yield lambda: judge_file(frame, int(option("file")), levels)
        return
    if "--programs" in sys.argv:
        yield from programs.jobs(frame)
        return
    yield from kept_jobs(frame)
    if "--kept" in sys.argv:
        return
    if "--all" in sys.argv:
        for number in range(1, FILES + 1):
            yield lambda number=number: judge_file(frame, number, list(build.LEVELS))
    else:
        for number, levels in QUICK:
            yield lambda number=number, levels=levels: judge_file(frame, number, levels)


def main():
    if "--help" in sys.argv:
        print(__doc__.strip())
        return 0
    folder = os.path.join(build.BUILD, "soundness") if "--keep" in sys.argv else tempfile.mkdtemp(prefix="soundness")
    os.makedirs(folder, exist_ok=True)
    passed = failed = 0
    try:
        frame = build.Frame(folder)
        with concurrent.futures.ThreadPoolExecutor(max(1, len(os.sched_getaffinity(0)) // 2)) as pool:
            for good, bad, lines in pool.map(lambda job: job(), jobs(frame)):
                passed, failed = passed + good, failed + bad
                for line in lines:
                    print(line, flush=True)
    except build.Broken as broken:
        print(broken)
        failed += 1
    finally:
        if "--keep" not in sys.argv:
            shutil.rmtree(folder)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
