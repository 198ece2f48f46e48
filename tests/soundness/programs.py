"""The programs below tests/programs/{race,no_race}, and their twins by -DFIXED, with and without
eliminations: the same findings.

A finding is its kind and the unordered pair of functions at the top of its stacks; lines move to those of
the checks that stand. Programs that need arguments, inputs or several processors by their RUN lines, or
that behave differently in two runs of one build, are left out.
"""
import glob
import os
import re

import build

HEADING = re.compile(r"WARNING: FiberSan: (.*?) \(pid=")
TOP_FRAME = re.compile(r"^    #0 (.*?) /", re.MULTILINE)


def findings(output):
    found = set()
    for block in output.split("==================\n"):
        kind = HEADING.search(block)
        if kind:
            found.add((kind[1], *sorted(TOP_FRAME.findall(block)[:2])))
    return found


def c_half(source, program, options):
    """The objects of the C files that a program names in its Inputs."""
    for name in re.findall(r"%S/(Inputs/\w+\.c)\b", text_of(source)):
        path, made = os.path.join(os.path.dirname(source), name), program + ".o"
        build.checked([build.C_COMPILER, build.config("fibersan.cfg"), "-g", "-w", *options, "-c", path, "-o", made], path)
        yield made


def run(source, folder, options):
    program = os.path.join(folder, re.sub(r"\W", "_", "".join([os.path.relpath(source, build.TOP), *options])))
    objects = list(c_half(source, program, options))
    build.checked([build.COMPILER, build.config("fibersan.cfg"), "-std=c++20", "-g", "-w", *options, source, *objects,
                   "-o", program],
                  source)
    environment = dict(os.environ, FIBER_OPTIONS="procs=1:seed=1:preempt_ms=0")
    try:
        runs = [build.call([program], env=environment, timeout=build.SECONDS) for _ in range(2)]
    except build.subprocess.TimeoutExpired:
        return None
    finally:
        os.remove(program)
    results = [(done.returncode, findings(done.stdout)) for done in runs]
    return results[0] if results[0] == results[1] else None


def text_of(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def is_plain(text):
    return "int main(" in text and "XFAIL" not in text and not re.search(
        r"RUN:.*(procs=|%run %t (?!2>)\w|Inputs|FIBERSAN_OPTIONS|FIBER_OPTIONS)", text)


def judge(path, folder, options):
    name, failed, lines = " ".join([os.path.relpath(path, build.TOP), *options]), 0, []
    try:
        without, found = (run(path, folder, ["-O2", *options, *more]) for more in (build.WITHOUT, []))
    except build.Broken as broken:
        return 0, 1, [str(broken)]
    if without is None or found is None:
        return 0, 0, [f"{name}: two runs differ, or it does not end in time: left out"]
    if without != found:
        failed = 1
        lines = [f"{name}: without eliminations {without[0]} {sorted(without[1] - found[1])}, with {found[0]} "
                 f"{sorted(found[1] - without[1])}"]
    return 1 - failed, failed, lines


def jobs(frame):
    for verdict in ("race", "no_race"):
        for path in sorted(glob.glob(os.path.join(build.TOP, "tests", "programs", verdict, "**", "*.cpp"),
                                     recursive=True)):
            text = text_of(path)
            if "Inputs" in path or not is_plain(text):
                continue
            for options in [[], ["-DFIXED"]] if "-DFIXED" in text else [[]]:
                yield lambda path=path, options=options: judge(path, frame.folder, options)
