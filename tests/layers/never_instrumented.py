#!/usr/bin/env python3
"""Runtime and detector are never compiled with the pass: it would make hooks call hooks.

Input:   compile_commands.json and the archives of the build tree that is named, build/ by default.
Output:  what is wrong; the last line is "N passed, N failed": one check for each compile
         command and each archive.
"""
import json
import os
import re
import subprocess
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
ARCHIVES = ("libfiber.a", "libdetector.a", "libno_detector.a")
TRACE_OF_PASS = re.compile(r"fpass-plugin|fiber(?:san)?\.cfg|fibersan-instrument\.so|fiber-preemption\.so|-DFIBERSAN\b")

# What checks call; the entries of loops jump to those of misses themselves.
CHECK_ENTRY = re.compile(r"__fsan_(check_|call_|missed_(read|write)\d)")


def pass_hooks():
    """What only instrumented code calls: hooks of the one list, and the poll."""
    with open(os.path.join(TOP, "detector", "abi", "hooks.def"), encoding="utf-8") as file:
        names = re.findall(r"^FSAN_(?:PASS|COLD)_HOOK\d\(\w+, (\w+),", file.read(), re.M)
    return {"__fsan_" + name for name in names} | {"__fiber_preempt"}


def references(path):
    """Pass hooks that an object or archive refers to, except for the table of all hooks with
    which link_checks.cpp makes a missing one a link error."""
    listing = subprocess.run(["llvm-nm-19", "-A", "--undefined-only", "--format=posix", path],
                             check=True, text=True, capture_output=True).stdout
    hooks = pass_hooks()
    found = set()
    for line in listing.splitlines():
        place, _, symbol = line.rpartition(": ")
        if "link_checks.cpp" not in place:
            found |= {name for name in symbol.split()[:1]
                      if name in hooks or CHECK_ENTRY.match(name)}
    return sorted(found)


def self_test(build):
    """An instrumented object must be recognised, or the check of archives proves nothing."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = os.path.join(folder, "a.c"), os.path.join(folder, "a.o")
        with open(source, "w", encoding="utf-8") as file:
            file.write("int read(const int* p) { return *p; }\n")
        subprocess.run(["clang-19", f"--config={build}/fibersan.cfg", "-c", source, "-o", target],
                       check=True)
        if not any(CHECK_ENTRY.match(name) for name in references(target)):
            sys.exit("never_instrumented.py is broken: it does not see the pass in an object")
    if not TRACE_OF_PASS.search(f"clang++-19 --config={build}/fibersan.cfg -c a.cpp"):
        sys.exit("never_instrumented.py is broken: it does not see the flag in a command")


def main():
    build = sys.argv[1] if len(sys.argv) > 1 else os.path.join(TOP, "build")
    self_test(build)
    passed = failed = 0
    with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as file:
        for entry in json.load(file):
            found = TRACE_OF_PASS.search(entry["command"])
            passed, failed = passed + (not found), failed + bool(found)
            if found:
                print(f"{entry['file']}: compiled with {found.group()}")
    for archive in ARCHIVES:
        found = references(os.path.join(build, "lib", archive))
        passed, failed = passed + (not found), failed + bool(found)
        if found:
            print(f"{archive}: calls hooks that only instrumented code calls: {found}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
