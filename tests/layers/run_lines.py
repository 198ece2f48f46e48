#!/usr/bin/env python3
"""Paths in the values of FIBERSAN_OPTIONS and FIBER_OPTIONS on RUN lines are quoted: log_path='"'%t.log'"'.

A path with a space would end the value, and the test fail in such a checkout only.

Output:  each line that does not; the last line is "N passed, N failed", counted in files with RUN lines.
"""
import os
import re
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FOLDERS = ("tests", "examples")
SOURCES = (".cpp", ".c", ".ll", ".test")
RUN_LINE = re.compile(r"\bRUN:(.*)")
UNQUOTED = re.compile(r"FIBER(?:SAN)?_OPTIONS=(?:[^\s'\"]|'\"'[^'\"]*'\"')*=%[a-zA-Z]")


def self_test():
    for line, wrong in (("env FIBERSAN_OPTIONS=log_path=%t.log %run %t", True),
                        ("env FIBERSAN_OPTIONS=log_path='\"'%t.a'\"':suppressions=%S/b", True),
                        ("env FIBERSAN_OPTIONS=log_path='\"'%t.a'\"':exitcode=0 %run %t --out=%t.b", False)):
        if bool(UNQUOTED.search(line)) != wrong:
            sys.exit(f"run_lines.py is broken: it misjudges {line}")


def run_lines(path):
    """Number and text of each."""
    with open(path, encoding="utf-8", errors="replace") as file:
        for number, line in enumerate(file, 1):
            if found := RUN_LINE.search(line):
                yield number, found.group(1)


def main():
    self_test()
    passed = failed = 0
    for top in FOLDERS:
        for folder, _, names in os.walk(os.path.join(TOP, top)):
            for path in (os.path.join(folder, name) for name in names if name.endswith(SOURCES)):
                lines = list(run_lines(path))
                wrong = [number for number, line in lines if UNQUOTED.search(line)]
                for number in wrong:
                    print(f"{os.path.relpath(path, TOP)}:{number}: quote the path: '\"'%t'\"'")
                passed, failed = passed + bool(lines and not wrong), failed + bool(wrong)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
