"""Whole third-party programs as benchmarks, from Debian's source and header packages.

Input:   network access to Debian's archive, for the sources that `folder` lacks.
Output:  of prepare(): for each program its sources, flags, arguments and standard input.
State:   `folder`: the sources, and apt's lists, apart from the machine's own.
"""
import dataclasses
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


@dataclasses.dataclass
class Program:
    name: str
    sources: list
    flags: list = dataclasses.field(default_factory=list)
    libraries: list = dataclasses.field(default_factory=list)
    arguments: list = dataclasses.field(default_factory=list)
    standard_input: pathlib.Path = None


def fetch(package, folder):
    """The unpacked source package, by an apt that knows only bookworm's sources."""
    found = [path for path in folder.glob(f"{package}-*") if path.is_dir()]
    if found:
        return found[0]
    print(f"getting the source of {package}", file=sys.stderr)
    lists = folder / "apt"
    (lists / "lists" / "partial").mkdir(parents=True, exist_ok=True)
    (lists / "sources.list").write_text(
        f"deb-src [signed-by={KEYRING}] http://deb.debian.org/debian bookworm main\n")
    apt = ["apt-get", "-qq", "-o", "APT::Sandbox::User=root", "-o", f"Dir::Etc::sourcelist={lists / 'sources.list'}",
           "-o", "Dir::Etc::sourceparts=/dev/null", "-o", f"Dir::State::lists={lists / 'lists'}",
           "-o", f"Dir::Cache={lists}"]
    for command in (["update"], ["source", package]):
        subprocess.run([*apt, *command], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    return next(path for path in folder.glob(f"{package}-*") if path.is_dir())


def lua(folder):
    source = fetch("lua5.4", folder) / "src"
    files = [path for path in sorted(source.glob("*.c")) if path.name != "luac.c"]
    # Debian's build writes this one.
    (source / "lua5.4-deb-multiarch.h").write_text('#define DEB_HOST_MULTIARCH "x86_64-linux-gnu"\n')
    return Program("lua", files, ["-DLUA_USE_POSIX"], ["-lm"], [HERE / "workload.lua"])


def text(folder):
    """What is compressed: the same 3 MB on every machine."""
    path = folder / "text"
    if not path.exists():
        path.write_text("".join(f"line {i * i % 9973} of {i * 7919 % 10007}\n" for i in range(150_000)))
    return path


def bzip2(folder):
    source = fetch("bzip2", folder)
    names = ("blocksort", "bzip2", "bzlib", "compress", "crctable", "decompress", "huffman", "randtable")
    return Program("bzip2", [source / f"{name}.c" for name in names], ["-D_FILE_OFFSET_BITS=64"], [], ["-c"], text(folder))


def sqlite(folder):
    source = fetch("sqlite3", folder)
    merged = source / "merged"
    if not (merged / "shell.c").exists():
        merged.mkdir(exist_ok=True)
        for command in (["../configure", "--disable-tcl"], ["make", "sqlite3.c", "shell.c"]):
            subprocess.run(command, cwd=merged, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return Program("sqlite", [merged / "sqlite3.c", merged / "shell.c"], ["-DSQLITE_OMIT_LOAD_EXTENSION"], ["-lm"],
                   [":memory:"], HERE / "workload.sql")


def lz4(folder):
    source = fetch("lz4", folder)
    tools = [source / "programs" / f"{name}.c" for name in ("lz4cli", "lz4io", "bench", "datagen")]
    return Program("lz4", [*sorted((source / "lib").glob("*.c")), *tools], ["-I", str(source / "lib"), "-DXXH_NAMESPACE=LZ4_"],
                   [], ["-9", "-c"], text(folder))


def zstd(folder, threads):
    """Threads of the program's own: with one it compresses where it reads."""
    source = fetch("libzstd", folder)
    library = [path for part in ("common", "compress", "decompress", "dictBuilder")
               for path in sorted((source / "lib" / part).glob("*.[cS]"))]
    tools = [path for path in sorted((source / "programs").glob("*.c")) if path.name != "platform.c"]
    flags = ["-DZSTD_MULTITHREAD", "-DZSTD_LEGACY_SUPPORT=0"]
    for part in ("lib", "lib/common", "lib/compress", "lib/dictBuilder", "programs"):
        flags += ["-I", str(source / part)]
    return Program(f"zstd-T{threads}", [*library, *tools], flags, ["-pthread"], ["-7", "-c", f"-T{threads}", "-B524288"], text(folder))


def fmt(_):
    if not pathlib.Path("/usr/include/fmt/format.h").exists():
        sys.exit("programs: fmt/format.h is missing: apt-get install libfmt-dev")
    return Program("fmt", [HERE / "fmt.cpp"])


def json(_):
    if not pathlib.Path("/usr/include/nlohmann/json.hpp").exists():
        sys.exit("programs: nlohmann/json.hpp is missing: apt-get install nlohmann-json3-dev")
    return Program("json", [HERE / "json.cpp"])


PROGRAMS = {"lua": lua, "bzip2": bzip2, "lz4": lz4, "zstd-T1": lambda folder: zstd(folder, 1),
            "zstd-T3": lambda folder: zstd(folder, 3), "json": json, "fmt": fmt, "sqlite": sqlite}


def prepare(folder, names):
    if shutil.which("dpkg-source") is None or shutil.which("tclsh") is None:
        sys.exit("programs: needs dpkg-source and tclsh: apt-get install dpkg-dev tcl")
    unknown = [name for name in names if name not in PROGRAMS]
    if unknown:
        sys.exit(f"programs: no {unknown[0]}; there are {', '.join(PROGRAMS)}")
    folder.mkdir(parents=True, exist_ok=True)
    return [PROGRAMS[name](folder) for name in names or PROGRAMS]
