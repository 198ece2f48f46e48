"""variants: one program built in several ways, and one run of it.

Input:   a Program of programs/programs.py.
Output:  build_all(): the executables. run(): CPU time, peak memory and standard output of one run.

| variant  | what                                                                           |
|----------|--------------------------------------------------------------------------------|
| native   | plain                                                                          |
| fibersan | --config=fibersan.cfg                                                          |
| fiber    | the same objects, main() run as the main fiber of a run: what fiber programs pay |
| tsan     | -fsanitize=thread                                                              |

With several threads main() is called by each of them at once, in `fiber` by as many fibers.
"""
import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "programs"))
import programs  # noqa: E402,F401

BUILD = HERE.parents[2] / "build"
VARIANTS = ("native", "fibersan", "fiber", "tsan")


def kernels(names):
    files = [HERE / "kernels" / f"{name}.cpp" for name in names] or sorted((HERE / "kernels").glob("*.cpp"))
    return [programs.Program(file.stem, [file]) for file in files]


def flags_of(variant, config):
    ours = [f"--config={config}"]
    return {"native": [], "fibersan": ours, "fiber": ours, "tsan": ["-fsanitize=thread"]}[variant]


def compile_objects(program, flags, prefix, pass_options=()):
    """The program's objects, named after `prefix`, and the compiler that links them."""
    # The assembler knows no options of passes.
    of_pass = lambda source: () if source.suffix == ".S" else (part for option in pass_options for part in ("-mllvm", option))
    is_cpp = program.sources[0].suffix == ".cpp"
    compiler = ["clang++-19", "-std=c++20"] if is_cpp else ["clang-19", "-w"]
    objects = [f"{prefix}.{source.stem}.o" for source in program.sources]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(lambda pair: subprocess.run(
            [*compiler, *flags, *of_pass(pair[0]), "-O2", "-g", "-c", pair[0], "-o", pair[1], *program.flags], check=True),
            zip(program.sources, objects)))
    return objects, compiler[0]


def link(program, variant, config, objects, linker, target, threads=1):
    """Links; several threads and the fiber call main() under another name."""
    flags = flags_of(variant, config)
    if variant == "fiber" or threads > 1:
        runner = f"{target}.runner.o"
        options = [f"-DTHREADS={threads}", *(["-DFIBERS"] if variant == "fiber" else [])]
        subprocess.run(["clang++-19", *flags, *options, "-std=c++20", "-O2", "-c", HERE / "programs" / "runner.cpp",
                        "-o", runner], check=True)
        renamed = [f"{target}.{number}.o" for number in range(len(objects))]
        for before, after in zip(objects, renamed):
            subprocess.run(["llvm-objcopy-19", "--redefine-sym", "main=program_main", before, after], check=True)
        objects, linker = [*renamed, runner], "clang++-19"
    subprocess.run([linker, *flags, *objects, "-o", target, *program.libraries], check=True)


def build_all(program, config, out, threads=1):
    """The executables of all variants by name, and the pass's statistics of each module."""
    targets = {variant: out / f"{program.name}.{variant}" for variant in VARIANTS}
    stats = out / f"{program.name}.stats"
    for variant, fiber in (("native", None), ("fibersan", "fiber"), ("tsan", None)):
        counting = [f"-fibersan-stats={stats}"] if fiber else []  # changes no code
        objects, linker = compile_objects(program, flags_of(variant, config), targets[variant], counting)
        for name in filter(None, (variant, fiber)):
            link(program, name, config, objects, linker, targets[name], threads)
    return targets, [json.loads(line) for line in stats.read_text().splitlines()]


def run(command, standard_input=None):
    """Returns (seconds of CPU time, peak MiB, standard output)."""
    read_end, write_end = os.pipe()
    actions = [(os.POSIX_SPAWN_DUP2, write_end, 1), (os.POSIX_SPAWN_CLOSE, read_end),
               (os.POSIX_SPAWN_OPEN, 0, standard_input or os.devnull, os.O_RDONLY, 0)]
    child = os.posix_spawn(command[0], command, os.environ, file_actions=actions)
    os.close(write_end)
    with os.fdopen(read_end, "rb") as stream:
        output = stream.read()
    _, status, usage = os.wait4(child, 0)
    if os.waitstatus_to_exitcode(status) != 0:
        sys.exit(f"{command[0]} ended with status {os.waitstatus_to_exitcode(status)}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, output
