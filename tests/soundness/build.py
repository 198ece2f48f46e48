"""Compiles generated files in several ways, runs them, and reads what raced.

Input:   a finished build tree: build/, or what FIBERSAN_BUILD says.
Output:  Races: for each view of each scenario the bytes that raced, and how.
State:   everything is written below a folder that the caller gives; the frame is compiled there once.
"""
import collections
import os
import re
import subprocess

HERE = os.path.dirname(os.path.realpath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
BUILD = os.environ.get("FIBERSAN_BUILD", os.path.join(TOP, "build"))
COMPILER, C_COMPILER = "clang++-19", "clang-19"
LEVELS = {"O0": ["-O0"], "O1": ["-O1"], "O2": ["-O2"], "O3": ["-O3", "-march=native"]}
WITHOUT = ["-mllvm", "-fibersan-without=all"]
SECONDS = 200  # a file takes one; the machine may be slow and busy
OPTIONS = "procs=1:seed=1:preempt_ms="

Level = collections.namedtuple("Level", "plain atomic")  # 0 untouched, 1 read, 2 written


class Broken(Exception):
    """A program that does not compile, or does not end as it should."""


def call(command, **more):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                          check=False, **more)


def checked(command, what):
    done = call(command)
    if done.returncode != 0:
        raise Broken(f"{what}: {' '.join(command)}\n{done.stdout[-3000:]}")


def config(name, folder=None):
    return f"--config={os.path.join(folder or BUILD, name)}"


class Frame:
    """The program that loads the generated libraries, with the detector and without."""

    def __init__(self, folder):
        self.folder = folder
        self.checking, self.reference = os.path.join(folder, "checking"), os.path.join(folder, "reference")
        harness, probes = os.path.join(folder, "harness.o"), os.path.join(folder, "probes.o")
        common = ["-std=c++20", "-w", "-c"]
        # Without the pass: what the frame does must leave no trace.
        checked([COMPILER, config("fiber.cfg"), *common, "-O1", os.path.join(HERE, "harness.cpp"), "-o", harness],
                "harness")
        checked([COMPILER, config("fibersan.cfg"), *common, "-O1", "-g1", *WITHOUT, os.path.join(HERE, "probes.cpp"),
                 "-o", probes], "probes")
        checked([COMPILER, config("fibersan.cfg"), harness, probes, "-o", self.checking], "link")
        checked([COMPILER, config("fiber.cfg"), *common, "-O1", os.path.join(HERE, "probes.cpp"), "-o", probes],
                "probes")
        checked([COMPILER, config("fiber.cfg"), harness, probes, "-rdynamic", "-o", self.reference], "link")

    def compile(self, source, name, options, configuration=None):
        library = os.path.join(self.folder, name + ".so")
        checked([COMPILER, configuration or config("fibersan.cfg"), "-std=c++20", "-g1", "-w", "-fPIC",
                 "-fvisibility=hidden",
                 "-I", HERE, *options, "-c", source, "-o", library + ".o"], name)
        checked([COMPILER, "-shared", library + ".o", "-o", library], name)
        os.remove(library + ".o")
        return library

    def compile_reference(self, source, name):
        return self.compile(source, name, ["-O0", "-DREFERENCE"], config("fiber.cfg"))


def run(program, library, arguments, preempt):
    environment = dict(os.environ, FIBERSAN_OPTIONS="symbolize=0:summary=always", FIBER_OPTIONS=OPTIONS + str(preempt))
    try:
        done = call([program, library, *arguments], env=environment, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        raise Broken(f"{program} {library} {' '.join(arguments)}: still running after {SECONDS} s") from None
    if done.returncode not in (0, 66):
        raise Broken(f"{program} {library} {' '.join(arguments)}: exit status {done.returncode}\n{done.stdout[-1500:]}")
    return done.stdout


ACCESS = re.compile(r"  (Previous )?(atomic )?(write|read|Atomic write|Atomic read|Write|Read) of size (\d+) at "
                    r"(0x[0-9a-f]+) by fiber \d+(?: '(\w+)')?")


def races(output):
    """{(scenario, view): {(target, offset): Level}} of a checking run; what cannot be told apart is Broken."""
    found, view, targets, sides = {}, None, [], []
    for line in output.splitlines():
        if line.startswith("@run "):
            view = tuple(line.split()[1:3])
            found[view], targets = collections.defaultdict(lambda: [0, 0]), []
        elif line.startswith("@target "):
            _, _, address, size = line.split()
            targets.append((int(address, 16), int(size)))
        elif line.startswith("WARNING: FiberSan:"):
            sides = []
        elif match := ACCESS.match(line):
            kind = (match[2] or "") + match[3].lower()
            sides.append((match[6], int("write" in kind) + 1, "atomic" in kind, int(match[5], 16), int(match[4])))
        elif line.startswith("SUMMARY: FiberSan:"):
            add_race(found[view], targets, sides, line)
        elif line.startswith("FiberSan: reported") and "precision: exact;" not in line:
            raise Broken(line)
    return {key: {byte: strongest(*level) for byte, level in bytes.items()} for key, bytes in found.items()}


def strongest(plain, atomic):
    """What races with an atomic access races with a plain one of that kind: the shadow keeps the plain one."""
    return Level(plain, atomic if atomic > plain else 0)


def add_race(found, targets, sides, line):
    probe = [side for side in sides if side[0] == "probe" and side[4] == 1]
    body = [side for side in sides if side[0] != "probe"]
    if len(probe) != 1 or len(body) != 1:
        raise Broken(f"a finding that is not between body and probe: {sides} {line}")
    _, level, is_atomic, _, _ = body[0]
    for number, (address, size) in enumerate(targets):
        if address <= probe[0][3] < address + size:
            entry = found[(number, probe[0][3] - address)]
            entry[is_atomic] = max(entry[is_atomic], level)


def expected(output):
    """{(scenario, view): {(target, offset): (plain, atomic, maybe)}} of a reference run."""
    found, view = {}, None
    for line in output.splitlines():
        if line.startswith("@run "):
            view = tuple(line.split()[1:3])
            found[view] = {}
        elif line.startswith("@expect "):
            numbers = [int(word) for word in line.split()[1:]]
            found[view][tuple(numbers[:2])] = tuple(numbers[2:])
    return found


def run_all(read, program, library, scenarios):
    """One process for all scenarios that let it live; for each of the others one for each view."""
    preempt = 1 if any(one.profile == "paused" for one in scenarios) else 0
    result = {}
    if any(one.profile != "last" for one in scenarios):
        result.update(read(run(program, library, [], preempt)))
    for one in scenarios:
        if one.profile == "last":
            for view in ["before"] + [f"before{k}" for k in range(one.acquires)]:
                result.update(read(run(program, library, [one.name, view], 0)))
    return result
