"""lit support for suites of fiber programs, ours and users'.

    sys.path.insert(0, "<prefix>/lib/fibersan/lit")
    import fibersan_lit
    config.test_format = fibersan_lit.ProgramTest()
    fibersan_lit.configure(config, lit_config)

State:  the prefix is an install tree or a build tree, where fibersan.cfg is: by default the one
        that this file is in. configure(config, lit_config, prefix) names another one.

Substitutions
    %fibersan    compile line of C++ with the checks      %fibersan_c  the same for C
    %fiber       compile line of C++ without them         %fiber_c     the same for C
    %run         before a program: gives it a time limit; running into it fails the test
                 even behind `not`
    %exits N     before a command: succeeds exactly when it ends with status N
Features (REQUIRES:, UNSUPPORTED:)
    several-processors   fibers can run at once
    llvm-symbolizer      reports have lines, not only addresses
Environment
    FIBERSAN_OPTIONS and FIBER_OPTIONS of the caller reach the programs; lit clears the rest.
Parameters (lit --param)
    seeds=N      each test N times, with the schedules of the seeds 1 to N; seeds=7,12 with these. It
                 passes when all do; otherwise it ends at the first that fails, whose seed is the
                 first line of its output. Each program is compiled once.
    keep_built=1 what a compile line made in the last run is taken when nothing that went into it
                 is newer (compile_unless_built), for runs that repeat tests
Several machines: lit's own --num-shards=N --run-shard=K.
"""
import copy
import glob
import os
import shlex
import shutil
import threading

import lit.formats
import lit.Test
import lit.TestRunner

# Options that a user sets for a whole lit run; lit clears the environment otherwise.
OPTION_VARIABLES = ("FIBERSAN_OPTIONS", "FIBER_OPTIONS")
RUN_SECONDS = 100  # a second of CPU takes 40 with ten programs for each processor


class ProgramTest(lit.formats.ShTest):
    """ShTest in which the paths %s, %S, %t, %T are quoted: a checkout's path may have a space."""

    def __init__(self, keeps_outputs=True, **options):
        """keeps_outputs: False removes what a test that passed wrote as %t…; a checked program with
        debug information has some 10 MB."""
        super().__init__(**options)
        self.keeps_outputs = keeps_outputs

    def execute(self, test, litConfig):
        result = self.execute_seeds(test, litConfig)
        if not self.keeps_outputs and getattr(result, "code", None) is lit.Test.PASS:
            remove_outputs(lit.TestRunner.getTempPaths(test)[1] + ".tmp")
        return result

    def execute_seeds(self, test, litConfig):
        seeds = seeds_of(litConfig)
        for round_number, seed in enumerate(seeds):
            again = copy.copy(test)
            again.config = config_with_seed(test.config, seed, round_number)
            result = self.execute_once(again, litConfig)
            if isinstance(result, tuple):
                result = lit.Test.Result(*result)
            if result.code.isFailure:
                result.output = f"With FIBER_OPTIONS=seed={seed}:\n{result.output}"
                return result
        return result if seeds else self.execute_once(test, litConfig)

    def execute_once(self, test, litConfig):
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


def seeds_of(lit_config):
    """The seeds of the parameter, as numbers; none: each program takes its own."""
    text = lit_config.params.get("seeds", "")
    try:
        numbers = [int(word) for word in text.split(",") if word]
        if any(number <= 0 for number in numbers):
            raise ValueError
    except ValueError:
        lit_config.fatal(f"--param seeds={text}: a number, or seeds with commas between them; not 0")
    return list(range(1, numbers[0] + 1)) if len(numbers) == 1 and "," not in text else numbers


def config_with_seed(config, seed, round_number):
    """A test's configuration for one more round; the caller's own options stay."""
    config = copy.copy(config)
    config.environment = dict(config.environment)
    options = [config.environment.get("FIBER_OPTIONS"), f"seed={seed}"]
    config.environment["FIBER_OPTIONS"] = ":".join(filter(None, options))
    config.environment["FIBERSAN_LIT_BUILT"] = "take" if round_number else "make"
    return config


def remove_outputs(prefix):
    for path in glob.glob(glob.escape(prefix) + "*"):
        if os.path.isdir(path) and not os.path.islink(path):
            shutil.rmtree(path, ignore_errors=True)
        else:
            os.remove(path)


def configure(config, lit_config, prefix=None):
    here = os.path.dirname(os.path.abspath(__file__))
    prefix = prefix or os.path.dirname(os.path.dirname(os.path.dirname(here)))
    if not os.path.exists(os.path.join(prefix, "fibersan.cfg")):
        lit_config.fatal(f"there is no fibersan.cfg in {prefix}: name the folder that FiberSan "
                         "was installed to, fibersan_lit.configure(config, lit_config, prefix)")

    def tool(name):
        return shlex.quote(os.path.join(here, name))

    repeats = lit_config.params.get("keep_built") or seeds_of(lit_config)
    before = tool("compile_unless_built") + " " if repeats else ""

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
    if len(os.sched_getaffinity(0)) > 1:
        config.available_features.add("several-processors")
    if shutil.which("llvm-symbolizer-19") or shutil.which("llvm-symbolizer"):
        config.available_features.add("llvm-symbolizer")
