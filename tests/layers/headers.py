#!/usr/bin/env python3
"""Every header compiles alone and without a warning.

Public headers (runtime/include) in the dialects users have: clang's default gnu++17 and
c++20. Our own headers in c++20, and those of detector/abi also as C.

Output:  the compiler's messages; the last line is "N passed, N failed".
"""
import concurrent.futures
import glob
import os
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
WARNINGS = ["-Wall", "-Wextra", "-Werror", "-Wthread-safety", "-fsyntax-only"]


def compile_alone(include, dialect):
    """Twice in one file: an include guard is part of the contract."""
    compiler, language = ("clang-19", "c") if "++" not in dialect else ("clang++-19", "c++")
    text = f"#include {include}\n#include {include}\n"
    return subprocess.run(
        [compiler, "-x", language, f"-std={dialect}", *WARNINGS, "-I", TOP,
         "-I", os.path.join(TOP, "runtime", "include"), "-"],
        input=text, text=True, capture_output=True, check=False)


def checks():
    public = os.path.join(TOP, "runtime", "include")
    for path in sorted(glob.glob(os.path.join(public, "**", "*.h"), recursive=True)):
        for dialect in ("gnu++17", "c++20"):
            yield f"<{os.path.relpath(path, public)}>", dialect
    for part in ("runtime", "detector"):
        for path in sorted(glob.glob(os.path.join(TOP, part, "**", "*.h"), recursive=True)):
            if not path.startswith(public):
                yield f'"{os.path.relpath(path, TOP)}"', "c++20"
    for path in sorted(glob.glob(os.path.join(TOP, "detector", "abi", "*.h"))):
        yield f'"{os.path.relpath(path, TOP)}"', "gnu11"


def main():
    # The check itself must be able to fail.
    if compile_alone("<no/such/header.h>", "c++20").returncode == 0:
        sys.exit("headers.py is broken: a missing header compiles")
    passed = failed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        jobs = [(pool.submit(compile_alone, *check), check) for check in checks()]
        for job, (include, dialect) in jobs:
            if job.result().returncode == 0:
                passed += 1
            else:
                failed += 1
                print(f"{include} alone with -std={dialect}:\n{job.result().stderr}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
