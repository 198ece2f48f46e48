"""Counts the reports on standard input: with both stacks, with two chains of calls that
differ, and those that lack the older stack without saying so, or who made it."""
import re
import sys

LOST = re.compile(r"Previous write .* by fiber \d+ 'early':\n    \[?stack no longer in history \(history_size=\d+\)")
CREATED = re.compile(r"Fiber \d+ 'early' \(\w+\) created by fiber 1 at:\n    #0 ")

reports = both = different = silent = 0
for report in sys.stdin.read().split("WARNING: FiberSan: data race")[1:]:
    reports += 1
    current, _, previous = report.partition("Previous write")
    # Up to the end of the older access: an empty line.
    previous = "Previous write" + previous.split("\n\n")[0] if "\n\n" in previous else "Previous write" + previous
    paths = [re.findall(r"#\d+ (even|odd|step)\(", part) for part in (current, previous.split("Location is")[0])]
    if not CREATED.search(report) or not (paths[1] or LOST.search(previous)):
        silent += 1
    if not paths[1]:
        continue
    both += 1
    different += paths[0] != paths[1]
print(f"{reports} reports, {both} with both stacks, {different} with different paths, {silent} without a word")
