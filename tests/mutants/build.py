"""Compiles one mutated file and links one test with it.

Input:   a built tree (`build/`): its compile commands, its archives, its link commands.
Output:  True when the test notices the mutant, and which of its cases did.
State:   everything is written below a temporary folder; the tree is only read.

A mutant's object comes before the archives in a unit test's link command, so the archive's own
member is not taken. A program links whole archives: there the member is replaced in a copy.
"""
import functools
import json
import os
import re
import shlex
import shutil
import subprocess
import threading

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
BUILD = os.path.join(TOP, "build")
COMPILER = "clang++-19"
SECONDS = 120  # a mutant that hangs is noticed
ARCHIVES = {"libfiber.a": "of_runtime", "libdetector.a": "of_detector"}


class NotBuilt(Exception):
    """The mutant or the test could not be compiled or linked."""


def call(command, **more):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                          check=False, **more)


def applied(text, marks, old, new):
    """The text with `old` behind the marks replaced; None: it is not there."""
    at = 0
    for mark in marks:
        at = text.find(mark, at)
        if at < 0:
            return None
    at = text.find(old, at)
    return None if at < 0 else text[:at] + new + text[at + len(old):]


@functools.lru_cache(None)
def compile_commands():
    with open(os.path.join(BUILD, "compile_commands.json"), encoding="utf-8") as file:
        return {os.path.relpath(entry["file"], TOP): entry for entry in json.load(file)}


def compile_with(folder, source):
    """The object of `source` (a path in the tree), with the files of `folder` in front of the tree's."""
    entry = compile_commands().get(source)
    if entry is None:
        raise NotBuilt(f"{source}: not in the build's compile commands")
    # Under the name that it has in the archive of its part.
    out = os.path.join(folder, "of_" + source.split("/")[0], os.path.basename(source) + ".o")
    os.makedirs(os.path.dirname(out), exist_ok=True)
    mutated = os.path.join(folder, source)
    words = shlex.split(entry["command"])
    words[words.index("-o") + 1] = out
    if os.path.exists(mutated):
        words[words.index("-c") + 1] = mutated
    # Includes by name alone are of the source's own folder.
    words[1:1] = ["-I", folder, "-iquote", os.path.dirname(os.path.join(TOP, source))]
    done = call(words + ["-w"], cwd=entry["directory"])
    if done.returncode != 0:
        raise NotBuilt(done.stdout[:2000])
    return out


@functools.lru_cache(None)
def link_command(target):
    done = call(["ninja", "-C", BUILD, "-t", "commands", target])
    line = next((line for line in reversed(done.stdout.splitlines()) if f" -o tests/unit/{target} " in line), None)
    if line is None:
        raise NotBuilt(f"{target}: no such unit test in build/")
    return re.sub(r"^.*?: && | && :$", "", line)


def run_unit_test(target, cases, folder, objects):
    program = os.path.join(folder, target)
    compiler, rest = link_command(target).split(" ", 1)
    command = f"{compiler} {' '.join(objects)} {rest}".replace(f" -o tests/unit/{target} ", f" -o {program} ")
    done = call(command, shell=True, cwd=BUILD)
    if done.returncode != 0:
        raise NotBuilt(done.stdout[-2000:])
    try:
        done = call([program, f"--gtest_filter={cases}"], timeout=SECONDS)
    except subprocess.TimeoutExpired:
        return True, "time limit"
    finally:
        os.remove(program)
    if "Running 0 tests" in done.stdout:
        raise NotBuilt(f"{target}: no case is called {cases}")
    failed = re.search(r"\[  FAILED  \] ([\w/.]+)", done.stdout)
    return done.returncode != 0, failed.group(1) if failed else "crash"


_programs = {}
_programs_lock = threading.Lock()


def program_object(source, definitions):
    """Compiled with the pass once, for all mutants."""
    with _programs_lock:
        key = (source, definitions)
        if key not in _programs:
            out = os.path.join(_programs["folder"], f"{len(_programs)}.o")
            done = call([COMPILER, f"--config={BUILD}/fibersan.cfg", "-O1", "-g", "-w", *definitions, "-c",
                         os.path.join(TOP, source), "-o", out])
            if done.returncode != 0:
                raise NotBuilt(done.stdout[:2000])
            _programs[key] = out
        return _programs[key]


def programs_folder():
    return _programs["folder"]


def keep_programs_in(folder):
    _programs["folder"] = folder


def config_libraries(replaced):
    """What a program is linked with by fibersan.cfg, but for the archives in `replaced`."""
    with open(os.path.join(BUILD, "fibersan.cfg"), encoding="utf-8") as file:
        words = [line.strip().replace("<CFGDIR>", BUILD) for line in file if not line.startswith("#")]
    words = [word for word in words if word and not word.startswith(("-fplugin", "-fpass-plugin", "-isystem", "-D", "-B"))]
    archives = [replaced.get(name, os.path.join(BUILD, "lib", name)) for name in ARCHIVES]
    # As the start files say (cmake/FiberSanProgramStart.cmake).
    hooks = [f"-Wl,--defsym={name}=__fibersan_no_default"
             for name in ("__fibersan_default_options", "__fibersan_default_suppressions")]
    return ["-Wl,--whole-archive", *archives, "-Wl,--no-whole-archive", *hooks, *words]


def run_program(source, definitions, options, arguments, status, folder, objects):
    """Noticed: another exit status; a finding makes it 66."""
    replaced = {}
    for name, part in ARCHIVES.items():
        archive = os.path.join(BUILD, "lib", name)
        mine = [path for path in objects if os.path.basename(os.path.dirname(path)) == part]
        if mine:
            replaced[name] = os.path.join(folder, name)
            shutil.copy(archive, replaced[name])
            done = call(["ar", "r", replaced[name], *mine])
            if done.returncode != 0:
                raise NotBuilt(done.stdout)
    program = os.path.join(folder, "program")
    done = call([COMPILER, program_object(source, definitions), "-o", program, *config_libraries(replaced)])
    if done.returncode != 0:
        raise NotBuilt(done.stdout[-2000:])
    environment = dict(os.environ, FIBER_OPTIONS=options)
    try:
        done = call([program, *arguments], env=environment, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        return True, "time limit"
    found = re.search(r"WARNING: FiberSan: (.*?)( \(|$)", done.stdout, re.MULTILINE)
    return done.returncode != status, found.group(1) if found and status == 0 else f"exit status {done.returncode}"
