#!/usr/bin/env python3
"""Runs programs that do the same each time, once with reports as text and once as JSON: what the
command makes of the JSON is to the byte what the process printed, but for pids and addresses,
which are numbered anew in the order in which they come, and for times.

    same_text.py COMMAND FOLDER PROGRAM...
"""
import glob
import os
import re
import shutil
import subprocess
import sys

OPTIONS = ["", "summary=always:verbosity=1", "summary=always:print_suppressions=1:suppressions='%s'",
           "external_symbolizer_path=/nonexistent"]


def numbered(text):
    numbers = {}

    def number(found):
        return f"<{numbers.setdefault(found[0], len(numbers))}>"
    text = re.sub(r" *\[has waited for .*\]\n", "", text)
    return re.sub(r"\(pid=\d+\)|\b0x[0-9a-f]{12}\b", number, text)


def run(program, folder, options):
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    environment = dict(os.environ, FIBERSAN_OPTIONS=f"{options}:log_path='{folder}/log'",
                       FIBER_OPTIONS="procs=1:seed=7:preempt_ms=0")
    process = subprocess.run([program], env=environment, timeout=100, stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL, check=False)
    return process.returncode, glob.glob(glob.escape(folder) + "/log.*")


def main():
    command, folder = sys.argv[1:3]
    suppressions = folder + ".suppressions"
    with open(suppressions, "w", encoding="utf-8") as file:
        file.write("# reason: to see the text\nrace:late\nmisuse:nowhere\n")
    said = 0
    for program in sys.argv[3:]:
        for options in OPTIONS:
            options = options.replace("%s", suppressions)
            status, files = run(program, folder, options)
            text = ""
            for name in files:
                with open(name, encoding="utf-8") as file:
                    text += file.read()
            status_of_json, files = run(program, folder, options + ":format=json")
            if status != status_of_json or len(files) != 1:
                sys.exit(f"{program} {options}: status {status} and {status_of_json}, files {files}")
            made = subprocess.run([command, "report", "--format", "text", files[0]], check=True,
                                  stdout=subprocess.PIPE, encoding="utf-8").stdout
            if numbered(made) != numbered(text):
                sys.exit(f"{program} {options}: the process prints\n{numbered(text)}\nand the command\n"
                         f"{numbered(made)}")
            said += "reported" in made
    if said < 3 * (len(sys.argv) - 3):
        sys.exit(f"only {said} texts have anything to compare")
    shutil.rmtree(folder)


main()
