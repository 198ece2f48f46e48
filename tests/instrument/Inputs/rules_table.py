"""The table of rules in instrument/README.md has the rows of instrument/eliminations.def.

    rules_table.py <top>            exits with 1 and says what differs
    rules_table.py <top> --write    puts the right rows into the README
"""
import os
import re
import sys

ROW = re.compile(r'^FIBERSAN_(ELIMINATION|NECESSITY)\(\s*\w+,\s*"([^"]+)",((?:\s*"[^"]*")+)\)', re.M)
HEAD = "| rule | what needs no check, and why |\n|---|---|\n"


def rows_of_table(text):
    for kind, name, parts in ROW.findall(text):
        reason = "".join(re.findall(r'"([^"]*)"', parts))
        yield f"| {name}{'' if kind == 'ELIMINATION' else ' (always on)'} | {reason} |\n"


def main():
    top = sys.argv[1]
    with open(os.path.join(top, "instrument", "eliminations.def"), encoding="utf-8") as file:
        wanted = list(rows_of_table(file.read()))
    path = os.path.join(top, "instrument", "README.md")
    with open(path, encoding="utf-8") as file:
        before, head, rest = file.read().partition(HEAD)
    if not head or len(wanted) < 5:
        sys.exit(f"{path}: there is no table that begins with '{HEAD.splitlines()[0]}'")
    end = re.search(r"^(?!\|)", rest, re.M).start()
    if "--write" in sys.argv:
        with open(path, "w", encoding="utf-8") as file:
            file.write(before + head + "".join(wanted) + rest[end:])
        return
    found = rest[:end].splitlines(keepends=True)
    for row in wanted:
        if row not in found:
            print("missing in the README:", row, end="")
    for row in found:
        if row not in wanted:
            print("only in the README:", row, end="")
    sys.exit(found != wanted)


main()
