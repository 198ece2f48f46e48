"""clang-tidy over our own sources, again only where something changed.

Input:   compile_commands.json; .clang-tidy; the headers of each object as ninja saw them.
Output:  findings on standard output; the numbers of clean and of bad files.
State:   `stamps`: one file per clean batch, named by a hash of everything that the result
         depends on: the flags, .clang-tidy, the sources and our headers below them.
Cost:    a second run without changes takes as long as reading the sources.

Sources of one folder that are compiled alike are checked in batches, as one translation unit: nearly
all the time goes into the headers, which a batch shares (110 sources of the runtime: a fifth of the
time). A batch that does not compile, because two sources have the same name for something of
their own, is cut in halves.

Clang's analyzer follows ways through functions, for more time than all else takes together: it is the step
`utils/check analyzer`, on demand. It takes included sources for headers, in which it finds nothing:
so each source is checked alone there.
"""
import collections
import concurrent.futures
import hashlib
import json
import os
import re
import shlex
import subprocess

# Not the tests: there the list finds taste (capacity of vectors, copies) and takes a minute.
PARTS = ("detector", "instrument", "runtime")
ANALYZER = "-*,clang-analyzer-core.*,clang-analyzer-cplusplus.*,clang-analyzer-deadcode.*"
BATCH = 16  # sources: two thirds of the time that 8 take; more would leave processors idle at the end


def headers_by_object(top, build):
    """Object -> our own headers, from ninja's log of dependencies."""
    listing = subprocess.run(["ninja", "-C", build, "-t", "deps"], check=True, text=True,
                             capture_output=True).stdout
    headers, current = {}, None
    for line in listing.splitlines():
        if line.startswith("    "):
            path = os.path.realpath(os.path.join(build, line.strip()))
            if current is not None and path.startswith(top + os.sep):
                current.append(path)
        elif match := re.match(r"(.*): #deps \d+", line):
            current = headers.setdefault(match.group(1), [])
    return headers


def object_of(words):
    return words[words.index("-o") + 1]


def flags_of(words, source):
    """What remains of a compile command for another source."""
    flags, rest = [], iter(words[1:])
    for word in rest:
        if word == "-o":
            next(rest)
        elif word not in ("-c", "--", source) and not word.endswith(("/clang-19", "/clang++-19", "ccache")):
            flags.append(word)
    return tuple(flags)


def members_of(source):
    """The sources that CMake compiles together as this one, or the source itself."""
    if not os.path.basename(source).startswith("unity_"):
        return [source]
    with open(source, encoding="utf-8") as file:
        return re.findall(r'^#include "(.*)"$', file.read(), re.M)


class Source:
    def __init__(self, top, path, entry, headers):
        words = shlex.split(entry["command"])
        self.path = path
        self.directory = entry["directory"]
        self.flags = flags_of(words, entry["file"])
        self.headers = headers.get(object_of(words), [])
        self.group = (os.path.dirname(os.path.relpath(self.path, top)), self.path.rsplit(".")[-1], self.flags)


def fingerprint(batch, configuration):
    files = {configuration, *(source.path for source in batch), *(path for source in batch for path in source.headers)}
    digest = hashlib.sha256("\0".join(batch[0].flags).encode())
    for path in sorted(files):
        with open(path, "rb") as file:
            digest.update(path.encode() + b"\0" + file.read())
    return digest.hexdigest()


class Tidy:
    """`checks`: others than those of .clang-tidy."""

    def __init__(self, top, stamps, checks):
        self.configuration = os.path.join(top, ".clang-tidy")
        self.stamps = stamps
        self.checks = [f"--checks={checks}"] if checks else []
        self.header_filter = f"^{re.escape(top)}/({'|'.join(PARTS)})/"

    def check(self, batch):
        """How many sources of the batch are bad."""
        stamp = os.path.join(self.stamps, fingerprint(batch, self.configuration))
        if os.path.exists(stamp):
            return 0
        found = self.clang_tidy(batch[0].path, batch[0]) if len(batch) == 1 else self.check_together(batch, stamp)
        if found.returncode == 0:
            with open(stamp, "w", encoding="utf-8"):
                return 0
        if len(batch) > 1:  # a name that two of them have, or to count the bad ones
            half = len(batch) // 2
            return self.check(batch[:half]) + self.check(batch[half:])
        print(found.stdout, flush=True)
        return 1


    def check_together(self, batch, stamp):
        together = f"{stamp}.{batch[0].path.rsplit('.')[-1]}"
        with open(together, "w", encoding="utf-8") as file:
            file.writelines(f'#include "{source.path}"\n' for source in batch)
        try:
            return self.clang_tidy(together, batch[0])
        finally:
            os.remove(together)

    def clang_tidy(self, path, like):
        """Compiled as the source `like` is."""
        return subprocess.run(
            ["clang-tidy-19", "--quiet", f"--config-file={self.configuration}",
             f"--header-filter={self.header_filter}", *self.checks, path, "--", *like.flags],
            text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False, cwd=like.directory)


def run(top, build, stamps, jobs, checks="", batch=BATCH):
    """How many sources are clean, and how many are not."""
    os.makedirs(stamps, exist_ok=True)
    headers = headers_by_object(top, build)
    with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as file:
        entries = {path: entry for entry in json.load(file) for path in members_of(entry["file"])
                   if os.path.relpath(path, top).split(os.sep)[0] in PARTS}
    # A source that two targets compile is checked for one of them.
    groups = collections.defaultdict(list)
    for path, entry in entries.items():
        source = Source(top, path, entry, headers)
        groups[source.group].append(source)
    batches = [group[i:i + batch] for group in groups.values() for i in range(0, len(group), batch)]
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        bad = sum(pool.map(Tidy(top, stamps, checks).check, batches))
    return sum(map(len, batches)) - bad, bad
