#!/usr/bin/env python3
"""Compares new programs for a while; reduces what differs and keeps it.

    fuzz.py [--seconds=10] [--minutes=N] [--seed=S|sources]

Input:   a seed, or one made of the pass's sources: the same as long as they are.
Output:  the seed of the first file (a new one each time unless given); for each failure a program
         in build/soundness-found/ that is left when no statement can go any more, and the line that
         repeats it. Moved into tests/soundness/found/ it is a test. Last line: "N passed, N failed".
"""
import glob
import os
import random
import shutil
import sys
import tempfile
import time
import zlib

import build
import compare
import generate

SCENARIOS = 6  # in one file
REDUCING_SECONDS = 120


def statement_lists(statements):
    """Every list of statements in the tree, the outer ones first."""
    yield statements
    for statement in statements:
        for piece in statement:
            if isinstance(piece, list):
                yield from statement_lists(piece)


def lists_of(scenario):
    yield from statement_lists(scenario.body)
    for helper in scenario.helpers:
        for piece in helper or []:
            if isinstance(piece, list):
                yield from statement_lists(piece)


def is_failing(frame, scenario, level, configuration=None):
    source = compare.write_file(frame, [scenario], "reduced")
    try:
        expected = compare.reference_of(frame, source, "reduced", [scenario])
        problems = compare.compare(frame, source, "reduced", [scenario], level, expected, configuration)
    except build.Broken:
        return False
    return any(view[0] != "every scenario" for view, _ in problems)


def reduce(frame, scenario, level, configuration=None):
    """Leaves out statements as long as the rest still differs."""
    until = time.monotonic() + REDUCING_SECONDS
    scenario.name = "s0"
    changed = True
    while changed and time.monotonic() < until:
        changed = False
        for statements in list(lists_of(scenario)):
            for i in reversed(range(len(statements))):
                if time.monotonic() > until:
                    break
                gone = statements.pop(i)
                if is_failing(frame, scenario, level, configuration):
                    changed = True
                else:
                    statements.insert(i, gone)
    return scenario


def keep(scenario, level):
    folder = os.path.join(build.BUILD, "soundness-found")
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, f"seed{scenario.seed}_{level}.cpp")
    with open(path, "w", encoding="utf-8") as out:
        out.write(f"// profile={scenario.profile} acquires={scenario.acquires} level={level}\n")
        out.write(generate.file_of([scenario]))
    return path


def first_seed():
    given = compare.option("seed")
    if given != "sources":
        return int(given or random.SystemRandom().randrange(10**6, 10**9))
    seed = 0
    for path in sorted(glob.glob(os.path.join(build.TOP, "instrument", "*.*"))):
        with open(path, "rb") as file:
            seed = zlib.crc32(file.read(), seed)
    return seed


def main():
    if "--help" in sys.argv:
        print(__doc__.strip())
        return 0
    minutes, seconds = compare.option("minutes"), compare.option("seconds", "10")
    limit = float(minutes) * 60 if minutes else float(seconds)
    seed = first_seed()
    print(f"soundness: seed {seed}", flush=True)
    folder = tempfile.mkdtemp(prefix="soundness")
    passed = failed = 0
    try:
        frame = build.Frame(folder)
        until = time.monotonic() + limit
        levels = list(build.LEVELS)
        while time.monotonic() < until or not passed + failed:
            scenarios = [generate.Scenario(seed * 1000 + i, f"s{i}", "fibers" if i == 0 and seed % 8 == 0 else None)
                         for i in range(SCENARIOS)]
            level = levels[seed % len(levels)]
            source = compare.write_file(frame, scenarios, "fuzz")
            try:
                expected = compare.reference_of(frame, source, "fuzz", scenarios)
                problems = compare.compare(frame, source, "fuzz", scenarios, level, expected)
            except build.Broken as broken:
                problems = [(("every scenario", ""), str(broken))]
            names = {view[0] for view, _ in problems}
            for view, sentence in problems[:6]:
                print(f"{view[0]} {view[1]} -{level}: {sentence}", flush=True)
            for scenario in [one for one in scenarios if one.name in names][:2]:
                scenario = reduce(frame, scenario, level)
                print(f"reduced: {keep(scenario, level)}", flush=True)
            if names:
                print(f"again: tests/soundness/fuzz.py --seed={seed} --seconds=1", flush=True)
            passed, failed = passed + len(scenarios) - len(names), failed + len(names)
            seed += 1
    finally:
        shutil.rmtree(folder)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
