#!/usr/bin/env python3
"""run_document.py --prefix PREFIX --folder FOLDER DOCUMENT: does what a document tells its reader to do.

Input:   the fenced blocks of a Markdown file, in order, all in one fresh folder:
             ```cpp file=race.cpp       (any language) the block is written to that file
             ```sh                      is run by bash and has to succeed
             ```sh exit=66              has to end with that status (of its last command)
             ```sh not-run="reason"     is only shown; the reason is printed
             ```text output             what the block of commands before it has printed
         A block of sh without a mark is thus a test, and so is every output that is shown.
         $FIBERSAN is the installed tree.
         Commands write to a terminal, so that outputs come in the order that a reader sees.
Output:  what differs; exit status 1 then. A document without a command is refused.

Rules of comparison
  R1  Addresses, process ids, numbers of fibers and durations are as good as any other.
  R2  The folder is /home/you, and the installed tree /usr/lib/fibersan.
  R3  An ellipsis within a line stands for anything, as a line for any lines.
"""
import argparse
import os
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import time

FENCE = re.compile(r"^( *)```(.*)$")
SECONDS = 120  # of one block


class Block:
    def __init__(self, line, info, indent):
        words = re.findall(r'(?:[^\s"]|"[^"]*")+', info)
        self.line, self.indent = line, indent
        self.language = words[0] if words else ""
        self.marks = dict(word.partition("=")[::2] for word in words[1:])
        self.text = ""

    def mark(self, name):
        return self.marks[name].strip('"')


def blocks_of(text):
    """All fenced blocks; raises when the last one is open."""
    block = None
    for number, line in enumerate(text.splitlines(), 1):
        fence = FENCE.match(line)
        if block is None and fence:
            block = Block(number, fence.group(2), fence.group(1))
        elif block is not None and fence and not fence.group(2):
            yield block
            block = None
        elif block is not None:
            block.text += line.removeprefix(block.indent) + "\n"
    if block is not None:
        raise ValueError(f"line {block.line}: the block has no end")


VARYING = [
    (r"0x[0-9a-f]+", "0xA"), (r"pid=\d+", "pid=P"), (r"\bfibers? \d+(?: and \d+| to \d+|, \d+)*", "fiber N"),
    (r"\b\d+(?:\.\d+)? (?:ms|s)\b", "T"), (r"\+0x[0-9a-f]+\)", "+0xA)"), (r"(\bthread) \d+", r"\1 N"),
]


def without_varying(text):
    for pattern, word in VARYING:
        text = re.sub(pattern, word, text)
    return text


def matches(expected, output):
    """Whether the output is what the document shows (R1, R3)."""
    pattern = ""
    for line in without_varying(expected).splitlines():
        if line.strip() in ("…", "..."):
            pattern += r"(?:.*\n)*?"
        else:
            pattern += ".*?".join(re.escape(part) for part in line.rstrip().split("…")) + r"[ ]*\n"
    output = without_varying(output)
    if output and not output.endswith("\n"):
        output += "\n"
    return re.fullmatch(pattern, output) is not None


def read_all(terminal, until):
    """Everything that is written to the other end, whose last writer closes it."""
    output = b""
    while select.select([terminal], [], [], max(0, until - time.monotonic()))[0]:
        try:
            output += os.read(terminal, 65536)
        except OSError:  # EIO: that is how a terminal ends
            break
    return output.decode(errors="replace")


def run(block, folder, prefix):
    """Status and output, standard error in between (R2)."""
    environment = {name: value for name, value in os.environ.items()
                   if name not in ("FIBERSAN_OPTIONS", "FIBER_OPTIONS")}
    environment |= {"FIBERSAN": prefix, "LC_ALL": "C.UTF-8", "TERM": "dumb",
                    "PATH": os.path.join(prefix, "bin") + os.pathsep + os.environ["PATH"]}
    ours, theirs = pty.openpty()
    with subprocess.Popen(["bash", "-eu", "-o", "pipefail", "-c", block.text], cwd=folder, env=environment,
                          stdout=theirs, stderr=theirs, stdin=subprocess.DEVNULL, start_new_session=True) as process:
        os.close(theirs)
        output = read_all(ours, time.monotonic() + SECONDS)
        try:
            status = process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            status, output = None, output + f"\nstill running after {SECONDS} s\n"
    os.close(ours)
    output = re.sub(r"\x1b\[[0-9;]*[mK]", "", output.replace("\r\n", "\n"))
    return status, output.replace(folder, "/home/you").replace(prefix, "/usr/lib/fibersan")


def follow(document, folder, prefix):
    """What went differently, as messages; then the number of commands that were run."""
    output, failures, runs = None, [], 0
    with open(document, encoding="utf-8") as file:
        blocks = list(blocks_of(file.read()))
    for block in blocks:
        here = f"{document}:{block.line}"
        if "file" in block.marks:
            path = os.path.join(folder, block.mark("file"))
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as file:
                file.write(block.text)
        elif block.language == "sh" and "not-run" in block.marks:
            print(f"{here}: not run: {block.mark('not-run')}")
        elif block.language == "sh":
            runs += 1
            status, output = run(block, folder, prefix)
            expected = int(block.mark("exit")) if "exit" in block.marks else 0
            if status != expected:
                failures.append(f"{here}: exit status {status} instead of {expected}:\n{block.text}{output}")
                break  # what follows depends on it
        elif "output" in block.marks:
            if output is None:
                failures.append(f"{here}: an output without commands before it")
            elif not matches(block.text, output):
                failures.append(f"{here}: the document shows\n{block.text}but it was\n{output}")
    return failures, runs


def self_test():
    """The comparison must be able to fail."""
    right = matches("a 0x12 by fiber 7\n…\nend …\n", "a 0x7ff by fiber 2\nx\ny\nend 5\n")
    wrong = matches("a\nb\n", "a\nx\nb\n") or matches("a\n", "a\nb\n") or matches("line:3\n", "line:4\n")
    if not right or wrong:
        sys.exit("run_document.py is broken: its comparison does not tell outputs apart")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--prefix", required=True)
    parser.add_argument("--folder", required=True)
    parser.add_argument("document")
    arguments = parser.parse_args()
    self_test()
    shutil.rmtree(arguments.folder, ignore_errors=True)
    os.makedirs(arguments.folder)
    failures, runs = follow(arguments.document, os.path.abspath(arguments.folder), arguments.prefix)
    for failure in failures:
        print(failure)
    print(f"{runs} blocks of commands run")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
