"""wrk.py PROGRAM: examples/http_server under load from wrk, for a second."""
import pathlib
import re
import subprocess
import sys
import tempfile

from server import expect, running

with tempfile.TemporaryDirectory() as root:
    (pathlib.Path(root) / "small.txt").write_text("hello\n")
    with running(sys.argv[1], root) as (port, _):
        said = subprocess.run(["wrk", "-t1", "-c64", "-d1s", f"http://127.0.0.1:{port}/small.txt"],
                              stdout=subprocess.PIPE, check=True, timeout=20).stdout.decode()
expect(re.findall("Socket errors.*|Non-2xx.*", said), [], "errors under load")
expect(int(re.search(r"(\d+) requests in", said)[1]) > 100, True, said)
