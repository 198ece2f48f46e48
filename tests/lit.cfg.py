"""The lit suites: IR tests of the pass (instrument/), programs in verdict folders (programs/),
what a user meets around them (usage/), and through examples/ the example programs.

Run by utils/check, or by hand on a finished build tree:
    /usr/lib/llvm-19/build/utils/lit/lit.py -v tests/programs/race
    /usr/lib/llvm-19/build/utils/lit/lit.py -v --param build=build-release tests
"""
import os
import shlex
import sys

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path[:0] = [os.path.join(TOP, "utils", "lit"), os.path.join(TOP, "tests", "precompiled")]
import fibersan_lit  # noqa: E402
import precompiled  # noqa: E402

LLVM_TOOLS = "/usr/lib/llvm-19/bin"
TEST_SECONDS = 300  # of a test; its compilations take most of it, on a busy machine

build = os.path.abspath(os.path.join(TOP, lit_config.params.get("build", "build")))
if not os.path.exists(os.path.join(build, "lib", "fibersan-instrument.so")):
    lit_config.fatal(f"{build} has no lib/fibersan-instrument.so: run utils/build first")

config.name = "FiberSan"
# All of them would be 10 GB. tests/repeat runs them again.
config.test_format = fibersan_lit.ProgramTest(keeps_outputs=bool(lit_config.params.get("keep_built")))
config.test_source_root = os.path.join(TOP, "tests")
config.test_exec_root = os.path.join(build, "tests", "lit")
config.suffixes = [".ll", ".cpp", ".c", ".test"]
config.excludes = ["Inputs", "unit", "model", "layers", "precompiled", "soundness"]

config.environment["PATH"] = os.pathsep.join([LLVM_TOOLS, os.environ["PATH"]])
config.environment["LC_ALL"] = "C"
fibersan_lit.configure(config, lit_config, build)
precompiled.add(config, lit_config, build)

plugin = os.path.join(build, "lib", "fibersan-instrument.so")
config.substitutions += [
    ("%opt_fsan", f"opt-19 -load-pass-plugin={shlex.quote(plugin)} -passes=fibersan"),
    ("%build", shlex.quote(build)),
    ("%top", shlex.quote(TOP)),
    ("%python", shlex.quote(sys.executable)),
]

# The limit needs python3-psutil, which utils/setup installs; %run has one of its own.
if lit_config.maxIndividualTestTimeIsSupported[0]:
    lit_config.maxIndividualTestTime = lit_config.maxIndividualTestTime or TEST_SECONDS
else:
    lit_config.note("no time limit for whole tests: this Python has no psutil")
