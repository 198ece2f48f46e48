#!/usr/bin/env python3
"""Runs a racing program that ends in each way, and reads its JSON documents.

    whole_documents.py FOLDER PROGRAM

Each process, forked ones included, leaves one document <log_path>.<pid> that is whole and counts its
findings; nothing of it is on standard error.
"""
import glob
import json
import os
import shutil
import signal
import subprocess
import sys

# The way, FIBERSAN_OPTIONS, the exit status, how the document says that it ended.
WAYS = [
    ("return", "", 66, "exit"),
    ("_exit", "", 66, "_exit"),
    ("quick_exit", "", 66, "quick_exit"),
    ("abort", "", -signal.SIGABRT, "SIGABRT"),
    ("fault", "", -signal.SIGSEGV, "SIGSEGV"),
    ("kill", "", -signal.SIGTERM, "SIGTERM"),
    ("fork", "", 66, "exit"),
    ("exec", "", 66, "exec"),
    ("exec_fails", "", 66, "_exit"),
    ("return", "halt_on_error=1", 66, "halt_on_error"),
]


def fail(message):
    sys.exit("whole_documents.py: " + message)


def main():
    folder, program = sys.argv[1:]
    for way, options, status, by in WAYS:
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder)
        log = os.path.join(folder, "with space é")
        environment = dict(os.environ, FIBERSAN_OPTIONS=f"format=json:log_path='{log}':{options}")
        process = subprocess.Popen([program, way], env=environment, stderr=subprocess.PIPE, text=True)
        _, said = process.communicate(timeout=100)
        what = f"{way} {options}: "
        if process.returncode != status:
            fail(what + f"exit status {process.returncode}, expected {status}: {said}")
        if "WARNING" in said or "FiberSan" in said:
            fail(what + "on standard error: " + said)
        documents = {}
        for name in glob.glob(glob.escape(log) + "*"):
            with open(name, encoding="utf-8") as file:
                documents[name[len(log) + 1:]] = json.load(file)
        names = {str(process.pid)} | ({str(process.pid) + ".1"} if way == "exec" else set())
        children = set(documents) - names
        if not names <= set(documents) or len(children) != (2 if way == "fork" else 0):
            fail(what + f"files {sorted(documents)} of process {process.pid}")
        for name, document in documents.items():
            end, count = document["end"], len(document["findings"])
            if not document["complete"] or count != document["totals"]["findings"]:
                fail(what + f"{name} has {count} findings and says {document['totals']}")
            if end["pid"] != document["process"]["pid"] or not name.startswith(str(end["pid"])):
                fail(what + f"{name} is of another process")
            if name in children and document["process"]["parent_pid"] != process.pid:
                fail(what + f"{name} has another parent")
        own = documents[str(process.pid)]
        if own["end"]["by"] != by:
            fail(what + f"ended by {own['end']['by']}")
        if not own["findings"] or options and len(own["findings"]) != 1:
            fail(what + f"{len(own['findings'])} findings")
    shutil.rmtree(folder)


main()
