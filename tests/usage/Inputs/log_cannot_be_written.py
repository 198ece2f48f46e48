#!/usr/bin/env python3
"""Reports that cannot go where they should: what is on standard error, and what stays in files.

    log_cannot_be_written.py FOLDER PROGRAM
    log_cannot_be_written.py --mounts FOLDER PROGRAM COMMAND    # full and read-only file systems, within `unshare -rm`
"""
import glob
import json
import os
import re
import shutil
import subprocess
import sys

FINDINGS = 4
LAST = f"FiberSan: reported {FINDINGS} warnings; precision: exact"


def fail(message):
    sys.exit("log_cannot_be_written.py: " + message)


def run(program, limit, options):
    environment = dict(os.environ, FIBERSAN_OPTIONS=options)
    process = subprocess.run([program, str(limit)], env=environment, timeout=100, text=True,
                             stderr=subprocess.PIPE)
    if process.returncode != 66:
        fail(f"{options}: exit status {process.returncode}: {process.stderr}")
    return process.stderr


def check_text(what, said, reason, in_files):
    """The line that says so comes once; what is not in a file is here, and the last line."""
    if not re.search(r"^FiberSan: cannot write reports to '.*': " + reason + "; they come here$", said, re.M):
        fail(f"{what}: no line that says so: {said}")
    if said.count("they come here") != 1 or not said.endswith(LAST + "\n"):
        fail(f"{what}: not as it ends: {said}")
    found = said.count("WARNING: FiberSan: data race")
    if found + in_files != FINDINGS or said.count("SUMMARY: FiberSan:") != found:
        fail(f"{what}: {found} reports, and {in_files} in files: {said}")


def whole_findings(form, lines):
    """How many findings a file has to its end; its last line may be cut."""
    if form == "text":
        return sum(line.startswith("SUMMARY: FiberSan:") for line in lines[:-1])
    return sum(json.loads(line.lstrip(","))["kind"] == "data race" for line in lines[1:-1])


def on_full_disk(program, command, disk):
    """64 KiB, of which some pages are left."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", disk], check=True)
    for form in ("text", "json"):
        filler = os.path.join(disk, "filler")
        with open(filler, "wb", buffering=0) as file:
            file.write(b"x" * 60 * 1024)
        said = run(program, 0, f"format={form}:log_path='{disk}/log'")
        (name,) = glob.glob(disk + "/log*")
        with open(name, encoding="utf-8", errors="replace") as file:
            in_files = whole_findings(form, file.read().split("\n"))
        if not 0 < in_files < FINDINGS or name.endswith(".partial") != (form == "json"):
            fail(f"{form}: {in_files} findings in {name} on a full disk")
        check_text(form + ", full disk", said, "No space left on device", in_files)
        if form == "json":
            judge_what_is_left(command, name, disk)
        os.remove(name)
        os.remove(filler)


def judge_what_is_left(command, report, disk):
    """The command on the same disk: its files are whole or not there, and it says why."""
    baseline = os.path.join(disk, "baseline.json")
    for arguments in (["report", "--format", "html", "-o", disk + "/page.html", report],
                      ["gate", "--update-baseline", "--baseline", baseline, report]):
        done = subprocess.run([command, *arguments], text=True, stderr=subprocess.PIPE)
        if done.returncode != 2 or not done.stderr.startswith("fibersan: "):
            fail(f"{arguments}: status {done.returncode}: {done.stderr}")
        if arguments[0] == "report" and "No space left on device" not in done.stderr:
            fail("report does not say that the disk is full: " + done.stderr)
    if sorted(os.listdir(disk)) != sorted([os.path.basename(report), "filler"]):
        fail(f"left on the full disk: {os.listdir(disk)}")


def on_read_only_disk(program, folder):
    subprocess.run(["mount", "-t", "tmpfs", "-o", "ro", "none", folder], check=True)
    for form in ("text", "json"):
        said = run(program, 0, f"format={form}:log_path='{folder}/log'")
        check_text(form + ", read-only", said, "Read-only file system", 0)


def in_mounts(folder, program, command):
    if "--inside" not in sys.argv:
        sys.exit(subprocess.run(["unshare", "-rm", sys.executable, *sys.argv, "--inside"]).returncode)
    for name in ("full", "read-only"):
        shutil.rmtree(os.path.join(folder, name), ignore_errors=True)
        os.makedirs(os.path.join(folder, name))
    on_full_disk(program, command, os.path.join(folder, "full"))
    on_read_only_disk(program, os.path.join(folder, "read-only"))


def main():
    if sys.argv[1] == "--mounts":
        return in_mounts(*sys.argv[2:5])
    folder, program = sys.argv[1:]
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    log = os.path.join(folder, "log")
    for form in ("text", "json"):
        nowhere = run(program, 0, f"format={form}:log_path='{folder}/nowhere/log'")
        check_text(form + ", no folder", nowhere, "No such file or directory", 0)
        run(program, 0, f"format={form}:log_path='{log}'")
        (whole,) = glob.glob(log + "*")
        limit = os.path.getsize(whole) * 6 // 10  # within the third finding; paths make them long or short
        os.remove(whole)
        full = run(program, limit, f"format={form}:log_path='{log}'")
        names = glob.glob(log + "*")
        if len(names) != 1 or names[0].endswith(".partial") != (form == "json"):
            fail(f"{form}: {names}")
        with open(names[0], encoding="utf-8") as file:
            in_files = whole_findings(form, file.read().split("\n"))
        if not 0 < in_files < FINDINGS:
            fail(f"{form}: {in_files} findings in the file that is limited")
        check_text(form + ", limit", full, "File too large", in_files)
        os.remove(names[0])
    if os.path.exists("/dev/full"):
        said = run_with_full_stream(program)
        if said:
            fail("standard error is a full device, and still: " + said)
    shutil.rmtree(folder)
    return 0


def run_with_full_stream(program):
    """Nobody can be told, but the exit status still does."""
    environment = dict(os.environ, FIBERSAN_OPTIONS="format=json")
    with open("/dev/full", "w", encoding="utf-8") as full:
        process = subprocess.run([program, "0"], env=environment, timeout=100, stderr=full,
                                 stdout=subprocess.PIPE, text=True)
    if process.returncode != 66:
        fail(f"full device: exit status {process.returncode}")
    return process.stdout


sys.exit(main())
