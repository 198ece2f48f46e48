#!/usr/bin/env python3
"""Weakens the orders of the runtime's headers, one at a time, and runs their models.

Output:  a line for each mutant; the last line is "N passed, N failed". A mutant passes when the
         model notices it, or when its row says why it cannot be noticed and it is not. First the
         headers are tested as they are.
Cost:    about 4 s of CPU for each mutant.
"""
import concurrent.futures
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
COMPILER = ["clang++-19", "-std=gnu++20", "-O1", "-w", "-fno-omit-frame-pointer"]

QUEUE, STATE = "runtime/run_queue.h", "runtime/fiber_state.h"
TEST = {QUEUE: "run_queue_test.cpp", STATE: "fiber_state_test.cpp"}
KILLED = None

ACQUIRE, RELEASE, RELAXED = ("std::memory_order_" + order for order in ("acquire", "release", "relaxed"))
NOT_MADE = "a load that reads what is stored later (load buffering): the model runs each thread in order"

# Header; replacements, each the first behind its mark; why nobody notices.
MUTANTS = [
    (QUEUE, [("push(Item* item)", f"head_.load({ACQUIRE})", f"head_.load({RELAXED})")], NOT_MADE),
    (QUEUE, [("steal_into", f"to.head_.load({ACQUIRE})", f"to.head_.load({RELAXED})")], NOT_MADE),
    (QUEUE, [("steal_into", f"head + count, {RELEASE}", f"head + count, {RELAXED}")], NOT_MADE),
    (QUEUE, [("push(Item* item)", f"tail + 1, {RELEASE}", f"tail + 1, {RELAXED}")], KILLED),
    (QUEUE, [("push(Item* item)", ">= kCapacity", "> kCapacity")], KILLED),
    (QUEUE, [("push_next(Item* item)", RELEASE, RELAXED)], KILLED),
    (QUEUE, [("steal_into", f"tail_.load({ACQUIRE})", f"tail_.load({RELAXED})")], KILLED),
    (QUEUE, [("steal_into", f"end + count - 1, {RELEASE}", f"end + count - 1, {RELAXED}")], KILLED),
    (QUEUE, [("steal_into", "if (count > kCapacity / 2)", "if (false)")],
     "a head that old makes the exchange fail; the look saves the copying"),
    (QUEUE, [("steal_next", ACQUIRE, RELAXED)], "peek_next() has acquired the same push before"),
    (QUEUE, [("peek_next()", ACQUIRE, RELAXED)],
     "steal_next() acquires; the peek orders the owner's count of picks, which the model has not"),
    (QUEUE, [("peek_next()", ACQUIRE, RELAXED), ("steal_next", ACQUIRE, RELAXED)], KILLED),
    (STATE, [("dispatch()", f"word_.load({ACQUIRE})", f"word_.load({RELAXED})")],
     "the waker has acquired the context, and the queue hands it on"),
    (STATE, [("NextStep wake()", "std::memory_order_acq_rel", RELEASE)], "dispatch() acquires the context"),
    (STATE, [("dispatch()", f"word_.load({ACQUIRE})", f"word_.load({RELAXED})"),
             ("NextStep wake()", "std::memory_order_acq_rel", RELEASE)], KILLED),
    (STATE, [("NextStep wake()", "std::memory_order_acq_rel", ACQUIRE)], KILLED),
    (STATE, [("context_saved()", RELEASE + ",\n", RELAXED + ",\n")], KILLED),
    (STATE, [("context_saved()", ACQUIRE + "))", RELAXED + "))")], KILLED),
]


def mutated(header, replacements):
    with open(os.path.join(TOP, header), encoding="utf-8") as file:
        text = file.read()
    for mark, old, new in replacements:
        at = text.find(old, max(0, text.find(mark)))
        if mark not in text or at < 0:
            return None
        text = text[:at] + new + text[at + len(old):]
    return text


def run(folder, header, text):
    """True: the model notices. None: it could not be compiled."""
    os.makedirs(os.path.join(folder, "runtime"), exist_ok=True)
    if text is not None:
        with open(os.path.join(folder, header), "w", encoding="utf-8") as file:
            file.write(text)
    program = os.path.join(folder, "test")
    sources = [os.path.join(HERE, name) for name in (TEST[header], "machine.cpp")]
    build = subprocess.run(COMPILER + ["-I", folder, "-I", TOP, *sources, "-o", program, "-lgtest", "-lgtest_main",
                                       "-l:libboost_context.a", "-pthread"], capture_output=True, text=True,
                           check=False)
    if build.returncode != 0:
        print(build.stderr[:2000])
        return None
    try:
        return subprocess.run([program, "--gtest_brief=1"], capture_output=True, timeout=120,
                              check=False).returncode != 0
    except subprocess.TimeoutExpired:
        return True


def judge(row):
    header, replacements, reason = row
    name = f"{header}: " + "; ".join(
        f"{mark}: {' '.join(old.split())} -> {' '.join(new.split())}" for mark, old, new in replacements)
    text = mutated(header, replacements)
    if text is None:
        return False, f"not found in the header: {name}"
    with tempfile.TemporaryDirectory() as folder:
        noticed = run(folder, header, text)
    if noticed is None:
        return False, f"does not compile: {name}"
    if reason is KILLED:
        return noticed, f"{'killed' if noticed else 'SURVIVES'}: {name}"
    return not noticed, f"{'KILLED, though ' if noticed else 'not noticed, for '}{reason}: {name}"


def main():
    passed = failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for header in TEST:
            if run(os.path.join(folder, TEST[header]), header, None) is False:
                passed += 1
            else:
                failed += 1
                print(f"fails as it is: {header}")
    with concurrent.futures.ThreadPoolExecutor(max(1, len(os.sched_getaffinity(0)) // 2)) as pool:
        for ok, line in pool.map(judge, MUTANTS):
            passed, failed = passed + ok, failed + (not ok)
            print(line)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
