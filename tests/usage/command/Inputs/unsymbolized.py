"""unsymbolized.py PROGRAM FUNCTION: a report of a race in a function of the program, whose frames have
module and offset only, as a process with symbolize=0 writes them."""
import json
import os
import re
import subprocess
import sys

program, function = os.path.abspath(sys.argv[1]), sys.argv[2]
symbols = subprocess.run(["llvm-nm-19", program], check=True, capture_output=True, text=True).stdout
offset = int(re.search(rf"^(\w+) [Tt] {function}$", symbols, re.M).group(1), 16) + 1
stack = {"frames": [{"module": os.path.basename(program), "module_offset": hex(offset)},
                    {"module": "libelsewhere.so", "module_offset": "0x10"}]}
access = {"kind": "write", "size": 4, "fiber": {"kind": "fiber", "id": 2}, "stack": stack}
print(json.dumps({
    "schema_version": 1, "tool": {"name": "FiberSan", "version": "0.1.0"},
    "process": {"pid": 5, "executable": program}, "text": {},
    "findings": [{"fingerprint": "0123456789abcdef", "kind": "data race", "pid": 5,
                  "summary": stack["frames"][0], "accesses": [access]}],
    "end": {"pid": 5, "by": "exit"}, "totals": {"findings": 1, "instrumented_functions": 1},
    "precision": "exact", "complete": True}))
