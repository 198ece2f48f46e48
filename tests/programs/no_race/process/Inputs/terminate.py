#!/usr/bin/env python3
"""Terminates a program that works in one of the ways named, each time a little later.

    terminate.py [--times N] PROGRAM WAY...

It must end by the signal, soon, and say a whole last line or nothing.
"""
import argparse
import random
import re
import signal
import subprocess
import sys
import time

PATIENCE = 3  # seconds, and what a busy machine takes
LAST = re.compile(r"(FiberSan: reported \d+ warnings; precision: .*\n)?")


def terminate(program, way):
    process = subprocess.Popen([program, way], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               text=True)
    if process.stdout.readline() != "ready\n":
        sys.exit(f"terminate.py: {way}: did not begin")
    time.sleep(random.uniform(0, 0.02))
    process.send_signal(signal.SIGTERM)
    try:
        errors = process.communicate(timeout=PATIENCE)[1]
    except subprocess.TimeoutExpired:
        process.kill()
        sys.exit(f"terminate.py: {way}: still runs {PATIENCE} seconds after SIGTERM")
    if process.returncode != -signal.SIGTERM:
        sys.exit(f"terminate.py: {way}: exit status {process.returncode}: {errors}")
    if not LAST.fullmatch(errors):
        sys.exit(f"terminate.py: {way}: it says: {errors}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--times", type=int, default=50)
    parser.add_argument("program")
    parser.add_argument("ways", nargs="+")
    arguments = parser.parse_args()
    for way in arguments.ways:
        for _ in range(arguments.times):
            terminate(arguments.program, way)


main()
