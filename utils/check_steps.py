"""The steps of utils/check, in order. Called by it once the packages are there.

Output:  for each step its name, the output of what failed, why something was skipped, its
         counts and its time; the last line is "N passed, N failed[, N skipped]".
State:   <build>/check: results of the test programs, and stamps of clean clang-tidy runs.

A check is a GoogleTest case, a lit test, a file that is formatted or tidy, a header that
compiles alone, a file that keeps to its layer; a step that breaks off counts as one failure.
"""
import concurrent.futures
import functools
import glob
import json
import os
import re
import subprocess
import sys
import time

import tidy

TOP = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
BUILD = os.path.join(TOP, "build")
STATE = os.path.join(BUILD, "check")
LIT = "/usr/lib/llvm-19/build/utils/lit/lit.py"
FORMATTED = ("detector", "examples", "instrument", "runtime", "tests", "utils")
CPUS = len(os.sched_getaffinity(0))


class Counts:
    """What became of a step's checks."""

    def __init__(self, passed=0, failed=0, skipped=0):
        self.passed, self.failed, self.skipped = passed, failed, skipped

    def __iadd__(self, other):
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped
        return self

    def __str__(self):
        text = f"{self.passed} passed, {self.failed} failed"
        return text + (f", {self.skipped} skipped" if self.skipped else "")


def say(text):
    print(text, flush=True)


def build(*arguments):
    command = [os.path.join(TOP, "utils", "build"), *arguments]
    ok = subprocess.run(command, check=False).returncode == 0
    return Counts(passed=int(ok), failed=int(not ok))


def run_unit_test(tree, state, name, seconds):
    """One GoogleTest executable; its cases are counted, a crash is one more failure."""
    report = os.path.join(state, name + ".json")
    if os.path.exists(report):
        os.remove(report)
    command = [os.path.join(tree, "tests", "unit", name), f"--gtest_output=json:{report}"]
    try:
        run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                             errors="replace", timeout=seconds, check=False)
        output, status = run.stdout, run.returncode
    except subprocess.TimeoutExpired as expired:
        output = (expired.stdout or b"").decode(errors="replace")
        output, status = output + f"\n{name}: still running after {seconds} s\n", None
    counts = Counts()
    if os.path.exists(report):
        with open(report, encoding="utf-8") as file:
            for suite in json.load(file)["testsuites"]:
                for case in suite["testsuite"]:
                    if case.get("failures"):
                        counts.failed += 1
                    elif case["result"] == "SKIPPED":
                        counts.skipped += 1
                        output_reason = "".join(
                            re.findall(r"Skipped\n(.*)", output)[:1]) or "see the test"
                        say(f"  skipped: {name} {suite['name']}.{case['name']}: {output_reason}")
                    elif case["result"] == "COMPLETED":
                        counts.passed += 1
    if status != 0 and not counts.failed:
        counts.failed += 1
        output += f"\n{name}: exit status {status}\n"
    if counts.failed:
        say(f"--- {name} ---\n{output[-8000:]}")
    return counts


def unit_tests(tree=BUILD):
    state = os.path.join(STATE, os.path.basename(tree))
    os.makedirs(state, exist_ok=True)
    with open(os.path.join(tree, "tests", "unit", "list.txt"), encoding="utf-8") as file:
        tests = [line.split() for line in file.read().splitlines()]
    counts = Counts()
    with open(os.path.join(tree, "tests", "unit", "left_out.txt"), encoding="utf-8") as file:
        for line in file.read().splitlines():
            counts.skipped += 1
            say("  skipped: {}: {}".format(*line.split(" ", 1)))
    # Many of them run several threads themselves, hence half the processors.
    with concurrent.futures.ThreadPoolExecutor(max(1, CPUS // 2)) as pool:
        for result in pool.map(lambda test: run_unit_test(tree, state, test[0], int(test[1])),
                               tests):
            counts += result
    return counts


def sanitized(preset):
    """Our own unit tests once more, built with a sanitizer."""
    counts = build("--preset", preset, "fibersan_unit_tests")
    if not counts.failed:
        counts += unit_tests(f"{BUILD}-{preset}")
    return counts


def lit_tests():
    report = os.path.join(STATE, "lit.json")
    if os.path.exists(report):
        os.remove(report)
    subprocess.run([sys.executable, LIT, "-sv", "--output", report, os.path.join(TOP, "tests")],
                   check=False)
    counts = Counts()
    with open(report, encoding="utf-8") as file:
        for test in json.load(file)["tests"]:
            if test["code"] in ("PASS", "XFAIL", "FLAKYPASS"):
                counts.passed += 1
            elif test["code"] == "UNSUPPORTED":
                counts.skipped += 1
                say(f"  skipped: {test['name']}: {test['output'].strip()}")
            else:
                counts.failed += 1
    return counts


def script(*command):
    """A script of our own that prints "N passed, N failed" as its last line."""
    run = subprocess.run([sys.executable, *command], stdout=subprocess.PIPE, text=True, check=False)
    lines = run.stdout.splitlines()
    match = re.fullmatch(r"(\d+) passed, (\d+) failed", lines[-1] if lines else "")
    say("\n".join(lines[:-1] if match else lines)) if len(lines) > 1 or not match else None
    if not match or (run.returncode != 0) != (match.group(2) != "0"):
        say(f"{command[0]}: exit status {run.returncode}")
        return Counts(failed=1)
    return Counts(int(match.group(1)), int(match.group(2)))


def layers():
    folder = os.path.join(TOP, "tests", "layers")
    counts = script(os.path.join(folder, "layers.py"))
    counts += script(os.path.join(folder, "run_lines.py"))
    return counts


def headers():
    return script(os.path.join(TOP, "tests", "layers", "headers.py"))


def never_instrumented():
    return script(os.path.join(TOP, "tests", "layers", "never_instrumented.py"), BUILD)


def general_registers():
    return script(os.path.join(TOP, "tests", "layers", "general_registers.py"), BUILD)


def models():
    return script(os.path.join(TOP, "tests", "mutants", "mutants.py"), "--fast")


def soundness():
    folder = os.path.join(TOP, "tests", "soundness")
    counts = script(os.path.join(folder, "compare.py"))
    counts += script(os.path.join(folder, "mutants.py"), "--fast")
    # The same programs as long as the pass is the same: a failure is its author's.
    counts += script(os.path.join(folder, "fuzz.py"), "--seed=sources", "--seconds=6")
    return counts


def mutants():
    counts = build("fibersan", "fibersan_unit_tests")
    return counts if counts.failed else script(os.path.join(TOP, "tests", "mutants", "mutants.py"))


def broken_eliminations():
    counts = build("fibersan")
    return counts if counts.failed else script(os.path.join(TOP, "tests", "soundness", "mutants.py"))


def formatting():
    files = sorted(path for folder in FORMATTED for ending in ("h", "c", "cpp")
                   for path in glob.glob(os.path.join(TOP, folder, "**", "*." + ending),
                                         recursive=True))

    def formatted(path):
        return subprocess.run(["clang-format-19", "--dry-run", "--Werror", path],
                              capture_output=True, check=False).returncode == 0

    with concurrent.futures.ThreadPoolExecutor(CPUS) as pool:
        bad = [path for path, ok in zip(files, pool.map(formatted, files)) if not ok]
    for path in bad:
        say(f"not formatted: {os.path.relpath(path, TOP)} (clang-format-19 -i does it)")
    return Counts(len(files) - len(bad), len(bad))


def static_checks():
    passed, failed = tidy.run(TOP, BUILD, os.path.join(STATE, "tidy"), CPUS)
    return Counts(passed, failed)


def analyzer():
    counts = build()
    if not counts.failed:
        counts += Counts(*tidy.run(TOP, BUILD, os.path.join(STATE, "analyzer"), CPUS, tidy.ANALYZER, batch=1))
    return counts


STEPS = {
    "build": build,
    "unit": unit_tests,
    "lit": lit_tests,
    "models": models,
    "soundness": soundness,
    "layers": layers,
    "headers": headers,
    "never-instrumented": never_instrumented,
    "general-registers": general_registers,
    "format": formatting,
    "tidy": static_checks,
}
# On demand, as in `utils/check asan tsan`: each sanitizer is one more build of everything but the
# pass; the mutants are one compilation and one link each; the analyzer takes minutes.
STEPS_ON_DEMAND = {preset: functools.partial(sanitized, preset)
                   for preset in ("asan", "ubsan", "tsan")} | {
                       "analyzer": analyzer, "mutants": mutants, "broken-eliminations": broken_eliminations}
ALL_STEPS = STEPS | STEPS_ON_DEMAND


def main():
    unknown = [name for name in sys.argv[1:] if name not in ALL_STEPS]
    if unknown:
        say(f"utils/check: no step {unknown[0]}; the steps are: {', '.join(ALL_STEPS)}")
        say("0 passed, 1 failed")
        return 1
    names = sys.argv[1:] or list(STEPS)
    os.makedirs(STATE, exist_ok=True)
    total = Counts()
    for name in names:
        say(f"== {name}")
        start = time.monotonic()
        try:
            counts = ALL_STEPS[name]()
        except (OSError, ValueError, KeyError, subprocess.SubprocessError) as error:
            say(f"{name} broke off: {error!r}")
            counts = Counts(failed=1)
        total += counts
        say(f"== {name}: {counts} in {time.monotonic() - start:.1f} s")
        if name == "build" and counts.failed:
            break  # nothing else can be tested
    say(str(total))
    return 1 if total.failed or not total.passed else 0


if __name__ == "__main__":
    sys.exit(main())
