"""full_output.py COMMAND...: its standard output is a disk that is full; it must say so and end with 2."""
import subprocess
import sys

with open("/dev/full", "w") as full:
    run = subprocess.run(sys.argv[1:], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
if run.returncode != 2 or "cannot write to standard output: No space left" not in run.stderr:
    sys.exit(f"status {run.returncode}: {run.stderr}")
