#!/usr/bin/env python3
"""The fast part of a check saves no vector register, so it must use none, and call nothing that might.

Input:   the object of detector/race/check_fast.cpp in the build tree that is named, build/ by default.
Output:  what is wrong; the last line is "N passed, N failed": the code, and what it refers to.
"""
import os
import re
import subprocess
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
OBJECT = "detector/race/CMakeFiles/detector_race.dir/check_fast.cpp.o"
FLAGS = ("-mno-sse", "-mno-mmx")
# To let signals in that came meanwhile. The C library has them in assembly, or as good as that.
ALLOWED = {"__errno_location", "syscall"}
OTHER_REGISTERS = re.compile(r"%(?:[xyz]?mm\d|st\b|k[0-7]\b)")


def output_of(*command):
    return subprocess.run(command, check=True, text=True, capture_output=True).stdout


def uses_other_registers(path):
    return sorted(set(OTHER_REGISTERS.findall(output_of("llvm-objdump-19", "-d", "--no-show-raw-insn", path))))


def functions_called(path):
    """Calls that may lead out of the object: a weak function may be another object's copy."""
    listing = output_of("llvm-objdump-19", "-d", "-r", "--no-show-raw-insn", path)
    symbols = output_of("llvm-nm-19", "--format=posix", path)
    defined = set(re.findall(r"^(\S+) [Tt] ", symbols, re.M))
    called, is_branch = set(), False
    for line in listing.splitlines():
        relocation = re.search(r"R_X86_64_\w+\s+([\w.$]+)", line)
        if relocation is None:
            is_branch = re.search(r"\s(?:call|j\w+)q?\s", line) is not None
        elif is_branch and relocation.group(1) not in defined and not relocation.group(1).startswith(".text"):
            called.add(relocation.group(1))
    return sorted(called - ALLOWED)


def self_test():
    """An object that does both must be recognised."""
    source = "double half(double); double f(double* p) { *p *= 2; return half(*p); }\n"
    with tempfile.TemporaryDirectory() as folder:
        path, target = os.path.join(folder, "a.c"), os.path.join(folder, "a.o")
        with open(path, "w", encoding="utf-8") as file:
            file.write(source)
        for option in ("-O0", "-O2"):
            subprocess.run(["clang-19", option, "-c", path, "-o", target], check=True)
            if not uses_other_registers(target) or functions_called(target) != ["half"]:
                sys.exit("general_registers.py is broken: it does not see a call or a vector register")


def main():
    self_test()
    path = os.path.join(sys.argv[1] if len(sys.argv) > 1 else os.path.join(TOP, "build"), OBJECT)
    registers, functions = uses_other_registers(path), functions_called(path)
    if registers:
        print(f"check_fast.cpp uses {' '.join(registers)}: compile it with {' '.join(FLAGS)}")
    if functions:
        print(f"check_fast.cpp calls {' '.join(functions)}: compiled elsewhere, it may use vector registers")
    failed = bool(registers) + bool(functions)
    print(f"{2 - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
