#!/usr/bin/env python3
"""Breaks the product on purpose, one place at a time, and says which test noticed.

    mutants.py [group...] [--fast] [--match=TEXT] [--jobs=N]    groups: rules, edges, orders; all by default

Input:   a built tree with its unit tests; the tables edges.py and orders.py.
Output:  for each mutant "mutant: killed by <test>"; the last line is "N passed, N failed". A mutant
         passes when a test notices it, or when its row says why nobody can and nobody does. One
         that no longer applies fails.
Cost:    3 s of CPU for each: one file is compiled, one test linked. --fast: whether the table's
         rows still apply, and the models of the detector's files with nothing weakened.
"""
import argparse
import concurrent.futures
import os
import subprocess
import sys
import tempfile

import build
import edges
import orders

GROUPS = ("rules", "edges", "orders")
RULES = ("release without a tick where nothing was stamped", "a changed clock does not tick",
         "a tail without what was never published", "a take-over without an increment",
         "the lane of a living fiber is taken", "no new generation")


def mutated(folder, path, replacements):
    """Writes the mutated file into the folder; False: it no longer applies."""
    with open(os.path.join(build.TOP, path), encoding="utf-8") as file:
        text = file.read()
    for marks, old, new in replacements:
        text = build.applied(text, marks, old, new)
        if text is None:
            return False
    target = os.path.join(folder, path)
    os.makedirs(os.path.dirname(target), exist_ok=True)
    with open(target, "w", encoding="utf-8") as file:
        file.write(text)
    return True


def run_test(test, folder, objects):
    if isinstance(test, edges.Unit):
        noticed, how = build.run_unit_test(test.target, test.cases, folder, objects)
        return noticed, f"{test.target} {how}"
    noticed, how = build.run_program(test.source, test.definitions, test.options, test.arguments, test.status, folder,
                                     objects)
    return noticed, f"{test.source} {how}"


def judge_test(test):
    """It passes while nothing is broken: otherwise it would notice everything."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            noticed, how = run_test(test, folder, [])
        except build.NotBuilt as error:
            return False, f"{test[0]}: does not build: {error}"
    return not noticed, f"{test[0]}: " + (f"FAILS as it is: {how}" if noticed else "passes as it is")


def judge_edge(row):
    with tempfile.TemporaryDirectory() as folder:
        if not mutated(folder, row.file, [(row.marks, row.old, row.new)]):
            return False, f"{row.name}: does not apply any more to {row.file}"
        try:
            sources = ([row.file] if row.file.endswith(".cpp") else []) + list(row.also)
            objects = [build.compile_with(folder, source) for source in sources]
            for test in row.tests:
                noticed, how = run_test(test, folder, objects)
                if noticed:
                    return row.survives is None, f"{row.name}: killed by {how}"
        except build.NotBuilt as error:
            return False, f"{row.name}: does not build: {error}"
    if row.survives is not None:
        return True, f"{row.name}: cannot be noticed: {row.survives}"
    return False, f"{row.name}: SURVIVES"


def judge_table(rows):
    """Every mutant applies."""
    with tempfile.TemporaryDirectory() as folder:
        stale = [row.name for row in rows if not mutated(folder, row.file, [(row.marks, row.old, row.new)])]
    return not stale, f"table of {len(rows)} edges: " + ("; ".join(stale) + ": do not apply any more" if stale else "applies")


def judge_rule(rule):
    target = f"unit_model_broken_rule_{rule}"
    run = build.call([os.path.join(build.BUILD, "tests", "unit", target)], timeout=build.SECONDS)
    noticed = run.returncode == 0 and "noticed by seed" in run.stdout
    seed = run.stdout.split("noticed by seed ", 1)[1].split(":", 1)[0] if noticed else ""
    return noticed, f"epoch rule {rule}, {RULES[rule - 1]}: " + (
        f"killed by {target} BrokenRule.IsNoticed, seed {seed}" if noticed else "SURVIVES")


def wanted(rows, match):
    return [row for row in rows if match in row.name]


def all_jobs(groups, fast, match):
    """First what must hold as it is, then the mutants."""
    if "rules" in groups and not fast:
        yield from ((judge_rule, rule) for rule in range(1, 7) if match in f"epoch rule {rule}")
    if "orders" in groups:
        yield orders.judge_coverage, "detector"
        yield from ((orders.judge_as_it_is, model) for model in orders.MODELS
                    if match in model.name and not (fast and model.is_unit_test))
        if not fast:
            yield from ((orders.judge, row) for row in wanted(orders.MUTANTS, match))
    if "edges" in groups:
        yield judge_table, wanted(edges.ALL, match)
    if "edges" in groups and not fast:
        yield from ((judge_test, test) for test in
                    dict.fromkeys(test for row in wanted(edges.ALL, match) for test in row.tests))
        yield from ((judge_edge, row) for row in wanted(edges.ALL, match))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("groups", nargs="*", metavar="group", help=", ".join(GROUPS))
    parser.add_argument("--fast", action="store_true", help="nothing broken: tables and models as they are")
    parser.add_argument("--match", metavar="TEXT", default="", help="only mutants with the text in their names")
    parser.add_argument("--jobs", type=int, default=max(1, len(os.sched_getaffinity(0)) // 2))
    arguments = parser.parse_args()
    unknown = [group for group in arguments.groups if group not in GROUPS]
    if unknown:
        parser.error(f"no group {unknown[0]}; the groups are {', '.join(GROUPS)}")
    jobs = all_jobs(arguments.groups or GROUPS, arguments.fast, arguments.match)
    passed = failed = killed = 0
    with tempfile.TemporaryDirectory() as programs:
        build.keep_programs_in(programs)
        with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
            for ok, line in pool.map(lambda job: job[0](job[1]), jobs):
                passed, failed, killed = passed + ok, failed + (not ok), killed + ("killed by" in line)
                print(line, flush=True)
    print(f"{killed} mutants killed")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
