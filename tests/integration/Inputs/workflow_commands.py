"""workflow_commands.py WORKFLOW DOCUMENT...: the workflow is valid YAML, and its commands of fibersan are documented ones.

A command is documented when a line of a document that is run is the same but for names of files,
programs and folders that come last, and for the program that the options are given to.
"""
import re
import sys

import yaml


def commands(text):
    """What decides: the sub-command or variable, and its options."""
    for line in text.splitlines():
        line = line.strip()
        if line.startswith("fibersan "):
            yield " ".join(word for word in line.split(">")[0].split() if not re.search(r"\.(json|sarif|xml|html)$|^reports$", word))
        elif line.startswith("FIBERSAN_OPTIONS="):
            yield line.split()[0]


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        jobs = yaml.safe_load(file)["jobs"]
    steps = [step for job in jobs.values() for step in job["steps"]]
    used = [command for step in steps for command in commands(step.get("run", ""))]
    documented = set()
    for path in sys.argv[2:]:
        with open(path, encoding="utf-8") as file:
            documented |= set(commands(file.read()))
    for command in used:
        if command not in documented:
            sys.exit(f"{sys.argv[1]}: not in {' '.join(sys.argv[2:])}: {command}")
    # Every step does something, and the gate is among them.
    if not all("run" in step or "uses" in step for step in steps) or not any("gate" in command for command in used):
        sys.exit(f"{sys.argv[1]}: a step without an action, or no gate")
    print(f"{len(used)} commands, all documented")


if __name__ == "__main__":
    main()
