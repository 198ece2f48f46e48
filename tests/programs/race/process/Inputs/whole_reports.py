#!/usr/bin/env python3
"""Runs a racing program that ends in each way, and reads its output as a strict reader would.

    whole_reports.py [--times N] PROGRAM

Outside of whole reports there may be one line of FiberSan's own, the last one; it counts them.
"""
import argparse
import os
import re
import signal
import subprocess
import sys

RULE = "=================="
LAST = re.compile(r"FiberSan: reported (\d+) warnings; precision: (.*)")
CHILD = "1 child of a fork beside other threads not checked"

# The way, FIBERSAN_OPTIONS, the exit status.
WAYS = [
    ("return", "", 66),
    ("exit", "", 66),
    ("_exit", "", 66),
    ("_exit", "exitcode=0", 5),
    ("_Exit", "", 66),
    ("quick_exit", "", 66),
    ("quick_exit", "exitcode=0", 5),
    ("abort", "", -signal.SIGABRT),
    ("terminate", "", -signal.SIGABRT),
    ("fault", "", -signal.SIGSEGV),
    ("raise", "", -signal.SIGFPE),
    ("kill", "", -signal.SIGTERM),
    ("handler", "", 66),
    ("handler_again", "", -signal.SIGBUS),
    ("fork", "", 66),
    ("return", "halt_on_error=1", 66),
    ("return", "halt_on_error=1:abort_on_error=1", -signal.SIGABRT),
    ("exit", "abort_on_error=1", -signal.SIGABRT),
]


def fail(message, text):
    print(text)
    sys.exit("whole_reports.py: " + message)


def check(way, options, status, result):
    """The blocks between two rules are whole; what is between blocks is expected there."""
    text = result.stderr
    what = f"{way} {options}: "
    if result.returncode != status:
        fail(what + f"exit status {result.returncode}, expected {status}", text)
    reports, block, last, children = 0, None, [], 0
    # What the runtime says of an exception comes in pieces, and a report between two of them.
    pieces = way == "terminate"
    for line in text.splitlines():
        if line == RULE or pieces and block is None and line.endswith(RULE):
            if block is None:
                block = []
                continue
            if not block[0].startswith("WARNING: FiberSan: ") or not block[-1].startswith(
                    "SUMMARY: FiberSan: "):
                fail(what + "a report without beginning or end", text)
            reports, block = reports + 1, None
        elif block is not None:
            block.append(line)
        elif found := LAST.fullmatch(line):
            if way == "fork" and found[2] == CHILD:
                children += 1
                if found[1] != "0":
                    fail(what + "the child has the parent's findings", text)
            else:
                last.append(int(found[1]))
        elif last:
            fail(what + "something comes after the last line", text)
        elif way == "fork" and line.startswith("child: "):
            if line != "child: 5 5":
                fail(what + "the children's own exit status", text)
        elif not pieces:
            fail(what + f"unexpected: {line}", text)
    if block is not None:
        fail(what + "the last report is not whole", text)
    if not reports or last != [reports]:
        fail(what + f"{reports} reports, last line says {last}", text)
    if "halt_on_error" in options and reports != 1:
        fail(what + f"{reports} reports although it halts at the first", text)
    if way == "fork" and children != 2:
        fail(what + f"{children} children said that they are not checked", text)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("program")
    arguments = parser.parse_args()
    for way, options, status in WAYS:
        for _ in range(arguments.times):
            environment = dict(os.environ, FIBERSAN_OPTIONS=options)
            result = subprocess.run([arguments.program, way], env=environment, timeout=100,
                                    stderr=subprocess.PIPE, text=True)
            check(way, options, status, result)


main()
