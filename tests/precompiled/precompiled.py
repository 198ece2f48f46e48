"""Compile lines of lit tests with <fiber/fiber.h> precompiled, which takes a tenth of the time.

A line with options that the precompiled header was not made with (-std=, -f, -m, warnings, ...)
stays what a user types, and so do all lines of suites that test the compile line itself: these
call remove(). The precompiled lines link with lld, the others with the default linker.
"""
import os
import shlex

# Up to the end of the command, behind %fibersan.
OTHER_OPTION = r"(?=[^|&;]*\s(?:-[fmWESx]|-c\b|-std|-no-pie|-emit|--config))"
NO_OPTIMISATION = r"(?=[^|&;]*\s-O0\b)"


def add(config, lit_config, build):
    """To be called after fibersan_lit.configure(), whose lines remain for OTHER_OPTION."""
    config.precompiled = []
    usual = dict(config.substitutions)
    for name in ("fibersan", "fiber"):
        pattern = rf"%{name}\b"
        lines = [(pattern + OTHER_OPTION, usual[pattern])]
        for level, condition in (("0", NO_OPTIMISATION), ("1", "")):
            header = os.path.join(build, "tests", "precompiled", f"{name}{level}.pch")
            if not os.path.exists(header):
                lit_config.fatal(f"{header} is missing: ninja -C {build} precompiled_for_tests")
            lines.append((pattern + condition,
                          f"{usual[pattern]} -fuse-ld=lld -include-pch {shlex.quote(header)}"))
        config.precompiled += lines
    config.substitutions[:0] = config.precompiled


def remove(config):
    config.substitutions = [line for line in config.substitutions
                            if line not in config.precompiled]
