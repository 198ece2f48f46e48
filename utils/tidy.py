"""clang-tidy over our own sources, again only where something changed.

Input:   compile_commands.json; .clang-tidy; the headers of each object as ninja saw them.
Output:  findings on standard output; the numbers of clean and of bad files.
State:   `stamps`: one file per clean source, named by a hash of everything that the result
         depends on: the command, .clang-tidy, the source and our headers below it.
Cost:    a second run without changes takes as long as reading the sources.
"""
import concurrent.futures
import hashlib
import json
import os
import re
import shlex
import subprocess

# Not the tests: there the list finds taste (capacity of vectors, copies) and takes a minute.
PARTS = ("detector", "instrument", "runtime")


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


def object_of(entry):
    words = shlex.split(entry["command"])
    return words[words.index("-o") + 1]


def fingerprint(entry, files):
    digest = hashlib.sha256(entry["command"].encode())
    for path in files:
        with open(path, "rb") as file:
            digest.update(path.encode() + b"\0" + file.read())
    return digest.hexdigest()


def run(top, build, stamps, jobs):
    os.makedirs(stamps, exist_ok=True)
    headers = headers_by_object(top, build)
    with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as file:
        entries = [entry for entry in json.load(file)
                   if os.path.relpath(entry["file"], top).split(os.sep)[0] in PARTS]

    def check(entry):
        inputs = [os.path.join(top, ".clang-tidy"), entry["file"],
                  *sorted(headers.get(object_of(entry), []))]
        stamp = os.path.join(stamps, fingerprint(entry, inputs))
        if os.path.exists(stamp):
            return True
        found = subprocess.run(["clang-tidy-19", "-p", build, "--quiet", entry["file"]],
                               text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                               check=False)
        if found.returncode == 0:
            with open(stamp, "w", encoding="utf-8"):
                return True
        print(found.stdout, flush=True)
        return False

    # A source that two targets compile is checked for one of them.
    unique = list({entry["file"]: entry for entry in entries}.values())
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        clean = sum(pool.map(check, unique))
    return clean, len(unique) - clean
