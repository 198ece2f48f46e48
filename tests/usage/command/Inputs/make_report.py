#!/usr/bin/env python3
"""make_report.py FILE [--pid N] [--functions N] [--children N] [--running N] [--cut | --killed] [--version N] [NAME | KIND=NAME]...

Writes a report as a process does: a line for its begin, each finding and its end. NAME is the
function that races, or waits with KIND=leak; its fingerprint is made of its characters. A number
as NAME is that many races.
"""
import argparse
import json


def trace(function, file, line):
    return {"frames": [{"function": function, "file": file, "line": line, "column": 3,
                        "module": "app", "module_offset": "0x1234"}]}


def fiber(number, name=""):
    return {"kind": "fiber", "id": number, **({"name": name} if name else {})}


def race(name, pid):
    file = f"src/{name}.cpp"
    return {"fingerprint": name.encode().hex().rjust(16, "0")[-16:], "kind": "data race", "pid": pid,
            "summary": trace(name, file, 7)["frames"][0],
            "accesses": [{"kind": "write", "address": "0x7f0000001000", "size": 4,
                          "fiber": fiber(3, "w ö"), "stack": trace(name, file, 7)},
                         {"kind": "read", "address": "0x7f0000001000", "size": 4,
                          "fiber": fiber(2), "stack": trace("main", "src/main.cpp", 9)}],
            "fibers": [{"fiber": fiber(3, "w ö"), "state": "running",
                        "created": trace("main", "src/main.cpp", 5)}]}


def leak(name, pid):
    file = f"src/{name}.cpp"
    return {"fingerprint": name.encode().hex().rjust(16, "1")[-16:], "kind": "fiber leak", "pid": pid,
            "summary": trace(name, file, 4)["frames"][0],
            "waiters": [{"fiber": fiber(4), "count": 1, "reason": "chan receive",
                         "stack": trace(name, file, 4)}]}


def findings(words, pid):
    for word in words:
        kind, _, name = word.rpartition("=")
        if name.isdigit():
            yield from (race(f"f{number}", pid) for number in range(int(name)))
        else:
            yield (leak if kind == "leak" else race)(name, pid)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("file")
    parser.add_argument("names", nargs="*")
    parser.add_argument("--pid", type=int, default=100)
    parser.add_argument("--functions", type=int, default=12)
    parser.add_argument("--children", type=int, default=0)
    parser.add_argument("--running", type=int, default=0)
    parser.add_argument("--version", type=int, default=1)
    parser.add_argument("--cut", action="store_true")
    parser.add_argument("--killed", action="store_true")
    options = parser.parse_intermixed_args()
    begin = {"schema_version": options.version, "tool": {"name": "FiberSan", "version": "0.1.0"},
             "process": {"pid": options.pid, "parent_pid": 1, "executable": "/home/user/app",
                         "arguments": ["app"], "directory": "/home/user", "started_ms": 1, "options": "",
                         "runtime_options": ""}, "text": {}}
    dump = lambda value: json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    lines = [dump(begin)[:-1] + ',"findings":[']
    some = list(findings(options.names, options.pid))
    for number, finding in enumerate(some):
        lines.append(("," if number else "") + dump(finding))
    end = {"end": {"pid": options.pid, "by": "exit", "duration_ms": 5, "seed": "7", "processors": 2},
           "messages": [], "suppressions": [],
           "totals": {"findings": len(some), "duplicates": 0, "suppressed": 0, "fibers": 4, "accesses": 1000,
                      "instrumented_functions": options.functions,
                      **({"findings_of_children": options.children} if options.children else {}),
                      **({"children_running": options.running} if options.running else {})},
           "precision": "exact", "complete": True}
    lines.append("]," + dump(end)[1:])
    text = "\n".join(lines) + "\n"
    if options.killed:
        text = "\n".join(lines[:-1]) + "\n"
    if options.cut:  # in the middle of the last finding
        text = text[:text.rindex('"accesses":[') + 40]
    with open(options.file, "w", encoding="utf-8") as file:
        file.write(text)


main()
