"""browser.py PROGRAM: a browser loads a page with a script and a style from examples/http_server."""
import pathlib
import subprocess
import sys
import tempfile

from server import expect, running

PAGE = """<!DOCTYPE html><link rel="stylesheet" href="style.css"><p id="answer">none</p><script src="script.js"></script>\n"""
SCRIPT = """const request = new XMLHttpRequest();
request.open("GET", "data/answer.json", false);
request.send();
document.getElementById("answer").textContent =
    JSON.parse(request.responseText).answer + " " + getComputedStyle(document.body).color;
"""

with tempfile.TemporaryDirectory() as folder:
    root = pathlib.Path(folder) / "root"
    (root / "data").mkdir(parents=True)
    (root / "index.html").write_text(PAGE)
    (root / "script.js").write_text(SCRIPT)
    (root / "style.css").write_text("body { color: rgb(1, 2, 3) }\n")
    (root / "data" / "answer.json").write_text('{"answer": 42}\n')
    with running(sys.argv[1], str(root)) as (port, _):
        browser = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                   "--no-first-run", "--disable-background-networking", f"--user-data-dir={folder}/profile"]
        page = subprocess.run([*browser, "--dump-dom", f"http://127.0.0.1:{port}/"], stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, check=True, timeout=60).stdout.decode()
expect('<p id="answer">42 rgb(1, 2, 3)</p>' in page, True, page)
