"""http.py PROGRAM: clients of examples/http_server: curl, and raw sockets for what curl would not do."""
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

from server import connect, expect, read_to_end, running

LARGE = os.urandom(3_000_000)
SMALL = b"small file\n"
GET = b"GET /small.txt HTTP/1.1\r\nHost: h\r\n"
TIMEOUT_MS = 400


def make_files(root):
    (root / "small.txt").write_bytes(SMALL)
    (root / "large.bin").write_bytes(LARGE)
    (root / "empty.txt").write_bytes(b"")
    (root / "with space & more.txt").write_bytes(b"spaced\n")
    (root / "site").mkdir()
    (root / "site" / "index.html").write_text("<p>index</p>\n")
    (root.parent / "secret").write_text("secret\n")


def curl(port, path, *options):
    """(status, body, headers) as curl sees them."""
    with tempfile.NamedTemporaryFile() as head:
        done = subprocess.run(["curl", "-sS", "--path-as-is", "-D", head.name, *options, f"http://127.0.0.1:{port}{path}"],
                              stdout=subprocess.PIPE, check=True, timeout=20)
        text = head.read().decode()
    headers = dict(re.findall(r"^([\w-]+): (.*)\r$", text, re.M))
    return int(text.split()[1]), done.stdout, headers


def files(port):
    expect(curl(port, "/small.txt")[:2], (200, SMALL), "small file")
    expect(curl(port, "/small.txt")[2]["Content-Type"], "text/plain; charset=utf-8", "type")
    expect(curl(port, "/large.bin")[1] == LARGE, True, "large file, byte for byte")
    expect(curl(port, "/empty.txt")[:2], (200, b""), "empty file")
    expect(curl(port, "/with%20space%20%26%20more.txt?query=1")[:2], (200, b"spaced\n"), "decoded path")
    expect(curl(port, "/nothing")[0], 404, "missing file")
    expect(curl(port, "/small.txt/")[0], 404, "a file as a directory")


def methods(port):
    status, body, headers = curl(port, "/large.bin", "--head")
    expect((status, headers["Content-Length"]), (200, str(len(LARGE))), "HEAD")
    expect(curl(port, "/nothing", "--head")[0], 404, "HEAD of nothing")
    status, _, headers = curl(port, "/small.txt", "-X", "DELETE")
    expect((status, headers["Allow"]), (405, "GET, HEAD"), "DELETE")
    expect(curl(port, "/small.txt", "--data-binary", "x" * 10000)[0], 405, "POST with a body")


def directories(port):
    status, _, headers = curl(port, "/site")
    expect((status, headers["Location"]), (301, "/site/"), "directory without slash")
    expect(curl(port, "//site")[2]["Location"], "/site/", "no way to another host")
    expect(curl(port, "/site/")[1], b"<p>index</p>\n", "index.html")
    listing = curl(port, "/")[1].decode()
    for link in ('"./small.txt"', '"./site/"', '"./with%20space%20%26%20more.txt"', "space &amp; more"):
        expect(link in listing, True, f"{link} in {listing}")


def ranges(port):
    for wanted, body, where in (("0-9", LARGE[:10], "0-9"), ("2999990-", LARGE[-10:], "2999990-2999999"),
                                ("-5", LARGE[-5:], "2999995-2999999"), ("10-99999999", LARGE[10:], "10-2999999")):
        status, found, headers = curl(port, "/large.bin", "-r", wanted)
        expect((status, found == body, headers["Content-Range"]), (206, True, f"bytes {where}/{len(LARGE)}"), wanted)
    status, _, headers = curl(port, "/large.bin", "-r", "5000000-")
    expect((status, headers["Content-Range"]), (416, f"bytes */{len(LARGE)}"), "range beyond the end")
    changed = curl(port, "/small.txt")[2]["Last-Modified"]
    expect(curl(port, "/small.txt", "-H", f"If-Modified-Since: {changed}")[:2], (304, b""), "not modified")


def traversal(port):
    for path in ("/../secret", "/site/../../secret", "/%2e%2e/secret", "/%2e%2e%2fsecret", "/..", "/site/.."):
        expect(curl(port, path)[0], 400, path)


def keep_alive(port):
    done = subprocess.run(["curl", "-sS", "-o", "/dev/null", "-w", "%{num_connects}\n",
                           *[f"http://127.0.0.1:{port}/small.txt"] * 3, "-o", "/dev/null", "-o", "/dev/null"],
                          stdout=subprocess.PIPE, check=True, timeout=20)
    expect(done.stdout.decode().split(), ["1", "0", "0"], "connections for three requests")
    client = connect(port)  # pipelined: 50 at once, answered in order
    client.sendall((GET + b"\r\n") * 49 + GET + b"Connection: close\r\n\r\n")
    answer = read_to_end(client)
    expect((answer.count(b"HTTP/1.1 200 OK"), answer.count(SMALL)), (50, 50), "pipelined requests")
    expect(raw(port, b"GET /small.txt HTTP/1.0\r\n\r\n").endswith(SMALL), True, "HTTP/1.0 closes")
    dripping = connect(port)
    for byte in GET + b"Connection: close\r\n\r\n":
        dripping.sendall(bytes([byte]))
    expect(read_to_end(dripping).endswith(SMALL), True, "a request in single bytes")


def raw(port, request):
    with connect(port) as client:
        client.sendall(request)
        return read_to_end(client)


def refusals(port):
    long = b"x" * 9000
    for request, status in (
            (b"GET\r\n\r\n", 400), (b"GET  / HTTP/1.1\r\nHost: h\r\n\r\n", 400), (b"\r\n", 400),
            (b"GET / HTTP/1.1\nHost: h\n\n", 400), (b"GET / HTTP/1.1\r\n\r\n", 400),
            (b"GET / HTTP/2.0\r\n\r\n", 505), (b"G\0T / HTTP/1.1\r\n\r\n", 400), (b"GET x HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", 400),
            (b"GET /%zz HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", 400), (b"GET /%00 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", 400),
            (GET + b"Bad Name: x\r\n\r\n", 400), (GET + b" folded\r\n\r\n", 400), (GET + b"No-Colon\r\n\r\n", 400),
            (GET + b"Host: other\r\n\r\n", 400), (GET + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
            (GET + b"Content-Length: -1\r\n\r\n", 400), (GET + b"Transfer-Encoding: chunked\r\n\r\n", 501),
            (b"GET /" + long + b" HTTP/1.1\r\n", 414), (b"GET /" + long, 414), (GET + b"X: " + long, 431),
            (GET + b"X: y\r\n" * 200, 431), (GET + (b"X: " + b"y" * 8000 + b"\r\n") * 5, 431)):
        answer = raw(port, request)
        expect(answer.split(b" ")[:2], [b"HTTP/1.1", b"%d" % status], request[:60])
        expect(answer.count(b"HTTP/1.1"), 1, f"one answer to {request[:60]}")


def slow(port):
    begin = time.monotonic()
    silent, half = connect(port), connect(port)
    half.sendall(GET)
    expect(read_to_end(half).split(b" ")[1], b"408", "half a request")
    expect(read_to_end(silent), b"", "no request at all")
    expect(time.monotonic() - begin >= TIMEOUT_MS / 1000 * 0.9, True, "not before its time")
    asleep = connect(port, receive_buffer=4096)  # takes nothing of a large file
    asleep.sendall(GET.replace(b"small.txt", b"large.bin") + b"\r\n")
    time.sleep(2.5 * TIMEOUT_MS / 1000)
    try:
        received = read_to_end(asleep)
    except ConnectionResetError:
        received = b""
    expect(len(received) < len(LARGE), True, "a client that does not read is given up")


def stop_during_download(program, root):
    with running(program, str(root)) as (port, server):
        idle = connect(port)  # and accepted, or the end of the listener would reset it
        idle.sendall(GET + b"\r\n")
        answer = b""
        while not answer.endswith(SMALL):
            answer += idle.recv(1000)
        client = connect(port, receive_buffer=4096)
        client.sendall(GET.replace(b"small.txt", b"large.bin") + b"\r\n")
        received = client.recv(1000)
        server.terminate()
        expect(idle.recv(1), b"", "an idle connection")
        received += read_to_end(client)
        expect(received.endswith(LARGE[-1000:]), True, "a download that SIGTERM meets is finished")


def main():
    program = sys.argv[1]
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder) / "root"
        root.mkdir()
        make_files(root)
        with running(program, str(root)) as (port, _):
            for test in (files, methods, directories, ranges, traversal, keep_alive, refusals):
                test(port)
        with running(program, f"--timeout-ms={TIMEOUT_MS}", str(root)) as (port, _):
            slow(port)
        stop_during_download(program, root)


main()
