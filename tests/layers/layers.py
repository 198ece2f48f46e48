#!/usr/bin/env python3
"""Who may include whom: the table of the design, checked over every source file.

Output:  one line for each forbidden include; the last line is "N passed, N failed", where
         every file is one check. First it checks itself: each row must refuse what it should.

Invariants
  L1  A file belongs to the row with the longest folder that contains it.
  L2  An include belongs to the longest group prefix that it matches; a quoted include that
      names a file beside the including one belongs to that file's own place.
"""
import os
import re
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

# Group -> how its includes begin, as spelled from the top of the checkout.
GROUPS = {
    "abi": ["detector/abi/"],
    "report": ["detector/report/"],
    "detector": ["detector/"],
    "fiber": ["fiber/", "runtime/include/fiber/"],
    "runtime": ["runtime/"],
    "instrument": ["instrument/"],
    "llvm": ["llvm/", "llvm-c/", "clang/"],
    "boost": ["boost/"],
    "json": ["nlohmann/"],
    "cli": ["CLI/"],
    "command": ["utils/fibersan/"],
    "examples": ["examples/"],
    "programs": ["tests/programs/"],
    "test": ["gtest/", "gmock/", "catch2/", "benchmark/", "tests/"],
    "std": [""],  # the C++ and C libraries and the system's headers
}

# Folder -> groups it may include. Deeper folders have rows of their own (L1).
ALLOWED = {
    "detector/abi": ["abi", "std"],  # and see ABI_HEADERS
    "detector/report": ["report", "std", "json"],
    "detector/report/render": ["report", "std", "json", "abi"],  # the table of kinds
    "detector": ["detector", "abi", "report", "std"],
    "detector/no_detector": ["abi", "std"],
    "runtime/include/fiber": ["fiber", "std"],
    "runtime/include/fiber/testing": ["fiber", "std", "test"],
    "runtime": ["runtime", "fiber", "abi", "std", "boost"],
    "instrument": ["instrument", "abi", "llvm", "std"],
    "examples": ["examples", "fiber", "std"],
    "examples/integration": ["examples", "fiber", "std", "test"],
    "tests/programs": ["programs", "fiber", "std"],
    "utils/fibersan": ["command", "report", "abi", "std", "json", "cli"],
}
ABI_HEADERS = {"stdint.h", "stddef.h"}  # all that a header of detector/abi needs of the system
BOOST_FILES = 1  # files that may include Boost: the stack switch lives in one place

INCLUDE = re.compile(r'^[ \t]*#[ \t]*(?:include|include_next|import)[ \t]*([<"])([^>"]+)[>"]', re.M)
SOURCES = (".h", ".c", ".cpp", ".def", ".inc")


def row_of(path):
    rows = [folder for folder in ALLOWED if path.startswith(folder + "/")]
    return max(rows, key=len) if rows else None


def group_of(path, bracket, name, exists):
    if bracket == '"':
        beside = os.path.normpath(os.path.join(os.path.dirname(path), name))
        if exists(beside):
            name = beside
    _, group = max((len(prefix), group) for group, prefixes in GROUPS.items()
                   for prefix in prefixes if name.startswith(prefix))
    return group


def forbidden(path, text, exists):
    """The includes of one file that its row does not allow, as messages."""
    row = row_of(path)
    for bracket, name in INCLUDE.findall(text):
        group = group_of(path, bracket, name, exists)
        header_of_abi = row == "detector/abi" and not path.endswith(".c")
        if group not in ALLOWED[row] or (
                header_of_abi and group == "std" and name not in ABI_HEADERS):
            allowed = ", ".join(sorted(ABI_HEADERS) if header_of_abi else ALLOWED[row])
            yield f"{path}: includes {name} ({group}); {row}/ may include: {allowed}"


# One offence against each wall, and one look-alike that is allowed.
SELF_TEST = [
    ("detector/abi/hooks.h", "#include <vector>", True),
    ("detector/abi/hooks.h", '#include "detector/clock/clock.h"', True),
    ("detector/abi/hooks.h", '#include <stdint.h>\n#include "hooks.def"', False),
    ("detector/abi/options.c", "#include <string.h>", False),
    ("detector/report/report.h", '#include "detector/abi/hooks.h"', True),
    ("detector/report/text.cpp", '  #  include "../race/race.h"', True),
    ("detector/report/json.cpp", "#include <nlohmann/json.hpp>", False),
    ("detector/race/race.cpp", '#include "runtime/park.h"', True),
    ("detector/race/race.cpp", "#include <llvm/IR/Function.h>", True),
    ("detector/race/race.cpp", "#include <fiber/run.h>", True),
    ("detector/race/race.cpp", '#include "detector/report/report.h"', False),
    ("detector/no_detector/hooks.cpp", '#include "detector/clock/clock.h"', True),
    ("runtime/include/fiber/run.h", '#include "detector/abi/hooks.h"', True),
    ("runtime/include/fiber/run.h", '#include "runtime/park.h"', True),
    ("runtime/include/fiber/run.h", "#include <fiber/go.h>", False),
    ("runtime/include/fiber/run.h", "#include <gtest/gtest.h>", True),
    ("runtime/include/fiber/testing/googletest.h", "#include <gtest/gtest.h>", False),
    ("runtime/park.cpp", '#include "detector/race/race.h"', True),
    ("runtime/park.cpp", '#include "detector/abi/hooks.h"', False),
    ("instrument/pass.cpp", '#include "detector/shadow/cell.h"', True),
    ("instrument/pass.cpp", "#include <boost/context/fcontext.hpp>", True),
    ("examples/bank.cpp", '#include "runtime/park.h"', True),
    ("examples/bank.cpp", "// #include \"runtime/park.h\" is not for users", False),
    ("tests/programs/race/a.cpp", '#include "detector/abi/hooks.h"', True),
    ("utils/fibersan/report.cpp", '#include "detector/race/race.h"', True),
    ("utils/fibersan/report.cpp", '#include "detector/report/report.h"', False),
    ("detector/report/json.cpp", "#include <CLI/CLI.hpp>", True),
]


SELF_TEST_FILES = {"detector/abi/hooks.def", "detector/race/race.h"}


def self_test():
    for path, text, refused in SELF_TEST:
        messages = list(forbidden(path, text, SELF_TEST_FILES.__contains__))
        if bool(messages) != refused:
            sys.exit(f"layers.py is broken: {path} with {text!r} gives {messages}")


def sources():
    for folder, _, names in os.walk(TOP):
        for name in names:
            path = os.path.relpath(os.path.join(folder, name), TOP)
            if path.endswith(SOURCES) and row_of(path):
                yield path


def main():
    self_test()
    checked, bad, boost = 0, set(), []
    for path in sorted(sources()):
        with open(os.path.join(TOP, path), encoding="utf-8") as file:
            text = file.read()
        checked += 1
        messages = list(forbidden(path, text, lambda p: os.path.exists(os.path.join(TOP, p))))
        if any(name.startswith("boost/") for _, name in INCLUDE.findall(text)):
            boost.append(path)
        if messages:
            print("\n".join(messages))
            bad.add(path)
    if len(boost) > BOOST_FILES:
        print("Boost is included by more than one file: " + ", ".join(boost))
        bad.update(boost)
    print(f"{checked - len(bad)} passed, {len(bad)} failed")
    return 1 if bad or not checked else 0


if __name__ == "__main__":
    sys.exit(main())
