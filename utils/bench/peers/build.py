"""Builds the programs: ours as users build theirs, the peers at the same optimisation."""
import os
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parents[2]
UTILS = TOP / "utils"
CXX = ["clang++-19", "-std=c++20", "-O2"]


def run(command, **options):
    done = subprocess.run(command, **options)
    if done.returncode != 0:
        sys.exit(f"compare: this failed: {' '.join(map(str, command))}")


def compile_program(name, flags, libraries, inputs, out, source=None):
    """`inputs` are what the program depends on beside its own source."""
    target = out / name
    own = [HERE / f"{name}.cpp", HERE / "operations.h", HERE / "measure.h"] if source is None else [source]
    sources = [*own, *inputs]
    newest = max(path.stat().st_mtime for path in sources)
    if target.exists() and target.stat().st_mtime > newest:
        return
    print(f"compare: compiling {name}", file=sys.stderr)
    run([*CXX, *flags, str(sources[0]), *libraries, "-o", str(target)])


def build_go(out):
    environment = {**os.environ, "GOCACHE": str(out / "go-cache"), "GOFLAGS": "", "GO111MODULE": "on",
                   "GOPROXY": "off"}
    run(["go", "build", "-o", str(out / "go"), "."], cwd=HERE / "go", env=environment)


def build(peers, tree):
    """Builds what `peers` names; returns the folder of the programs. `tree`: a build tree of ours."""
    run([str(UTILS / "setup")])
    run([str(UTILS / "setup"), str(HERE / "packages.txt")])
    if tree is None:
        tree = TOP / "build"
        run([str(UTILS / "build"), *plain_targets()])
    out = tree / "bench" / "peers"
    out.mkdir(parents=True, exist_ok=True)
    if "ours" in peers:
        archives = [*(tree / name for name in plain_targets()), tree / "fiber.cfg"]
        headers = sorted((TOP / "runtime" / "include" / "fiber").glob("*.h"))
        compile_program("ours", [f"--config={tree / 'fiber.cfg'}"], [], [*archives, *headers], out)
    if "boost" in peers:
        compile_program("boost", ["-pthread"], ["-lboost_fiber", "-lboost_context"], [], out)
    if "threads" in peers:
        compile_program("threads", ["-pthread"], [], [], out)
    if "go" in peers:
        print("compare: building go", file=sys.stderr)
        build_go(out)
    return out


def plain_targets():
    """The files below the build tree that fiber.cfg names: plugin and archives."""
    return re.findall(r"<CFGDIR>/(lib/\S+)", (TOP / "cmake" / "fiber.cfg").read_text())
