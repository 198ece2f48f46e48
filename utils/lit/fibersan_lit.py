"""lit support for suites of fiber programs, ours and users'.

    import fibersan_lit
    config.test_format = fibersan_lit.ProgramTest()
    fibersan_lit.configure(config, lit_config, prefix)

State:  `prefix` is a build tree or an install tree: where fibersan.cfg is.

Substitutions
    %fibersan    compile line of C++ with the checks      %fibersan_c  the same for C
    %fiber       compile line of C++ without them         %fiber_c     the same for C
    %run         before a program: gives it a time limit; running into it fails the test
                 even behind `not`
    %exits N     before a command: succeeds exactly when it ends with status N
Parameters (lit --param)
    keep_built=1 what a compile line made in the last run is taken when nothing that went into it
                 is newer (compile_unless_built), for runs that repeat tests
"""
import os
import shlex
import threading

import lit.formats
import lit.TestRunner

# Options that a user sets for a whole lit run; lit clears the environment otherwise.
OPTION_VARIABLES = ("FIBERSAN_OPTIONS", "FIBER_OPTIONS")
RUN_SECONDS = 100  # a second of CPU takes 40 with ten programs for each processor


class ProgramTest(lit.formats.ShTest):
    """ShTest in which the paths %s, %S, %t, %T are quoted: a checkout's path may have a space."""

    def execute(self, test, litConfig):
        directory, base = lit.TestRunner.getTempPaths(test)
        source = test.getSourcePath()
        paths = {"s": source, "S": os.path.dirname(source), "t": base + ".tmp", "T": directory}
        quoted = [("%" + letter, shlex.quote(path)) for letter, path in paths.items()]
        try:
            # The configuration's own substitutions come first: %t must not match in %test.
            return lit.TestRunner.executeShTest(
                test, litConfig, self.execute_external, test.config.substitutions + quoted,
                self.preamble_commands)
        finally:
            # Left running when the shell breaks off (an unknown command): the process, and with
            # it the suite, would wait for the time limit. It runs one test at a time.
            for thread in threading.enumerate():
                if isinstance(thread, threading.Timer):
                    thread.cancel()


def configure(config, lit_config, prefix):
    here = os.path.dirname(os.path.abspath(__file__))

    def tool(name):
        return shlex.quote(os.path.join(here, name))

    before = tool("compile_unless_built") + " " if lit_config.params.get("keep_built") else ""

    def compile_line(compiler, file, options):
        return f"{before}{compiler} --config={shlex.quote(os.path.join(prefix, file))} {options}"

    cxx, c = "-std=c++20 -O1 -g", "-O1 -g"
    # \b: %fiber must not match the beginning of %fibersan.
    config.substitutions += [
        (r"%fibersan_c\b", compile_line("clang-19", "fibersan.cfg", c)),
        (r"%fibersan\b", compile_line("clang++-19", "fibersan.cfg", cxx)),
        (r"%fiber_c\b", compile_line("clang-19", "fiber.cfg", c)),
        (r"%fiber\b", compile_line("clang++-19", "fiber.cfg", cxx)),
        (r"%run\b", f"{tool('run_with_limit')} {RUN_SECONDS}"),
        (r"%exits\b", tool("exits")),
    ]
    for variable in OPTION_VARIABLES:
        if variable in os.environ:
            config.environment[variable] = os.environ[variable]
