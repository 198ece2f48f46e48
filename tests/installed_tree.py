"""The installed tree that suites of users' projects and documents are run against.

Output:  <build>/tests/an installed tree: made by `cmake --install` once for each run of lit, with a
         space in its path, and moved to its place, so that nothing in it may name the old one.
         Runtime and detector are without debug information, as in a package: half a second less for each
         program that is linked and has a finding.
"""
import fcntl
import functools
import glob
import os
import shutil
import subprocess


@functools.cache
def install(build, lit_config):
    folder = os.path.join(build, "tests")
    os.makedirs(folder, exist_ok=True)
    tree = os.path.join(folder, "an installed tree")
    with open(os.path.join(folder, "installed_tree.lock"), "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        first = os.path.join(folder, "first place")
        shutil.rmtree(first, ignore_errors=True)
        done = subprocess.run(["cmake", "--install", build, "--prefix", first], text=True, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if done.returncode != 0:
            lit_config.fatal(f"cmake --install {build}:\n{done.stdout}")
        for start in glob.glob(os.path.join(first, "lib", "fibersan", "*.cfg", "*.runtime-and-detector.o")):
            subprocess.run(["strip", "--strip-debug", start], check=True)
        shutil.rmtree(tree, ignore_errors=True)
        os.rename(first, tree)
    return tree
