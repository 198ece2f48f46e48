"""Starts a server program of the examples, and ends it as an administrator would."""
import contextlib
import socket
import subprocess
import sys

SECONDS = 20  # nothing here may take longer


@contextlib.contextmanager
def running(program, *arguments):
    """Yields (port, process). Afterwards: SIGTERM, and nothing but a clean end will do."""
    server = subprocess.Popen([program, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        line = server.stdout.readline().decode()
        if not line.startswith("listening on "):
            raise AssertionError(f"{program} says {line!r}, {server.stderr.read().decode()}")
        yield int(line.rsplit(":", 1)[1]), server
        server.terminate()
        output, errors = server.communicate(timeout=SECONDS)
        expect((server.returncode, errors.decode()), (0, ""), "end of the server")
    finally:
        if server.poll() is None:
            server.kill()
            server.wait()


def connect(port, receive_buffer=None):
    client = socket.socket()
    client.settimeout(SECONDS)
    if receive_buffer is not None:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    client.connect(("127.0.0.1", port))
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return client


def read_to_end(client):
    parts = []
    while part := client.recv(65536):
        parts.append(part)
    return b"".join(parts)


def expect(found, wanted, what):
    if found != wanted:
        sys.exit(f"{what}: expected {wanted!r:.500}, found {found!r:.500}")
