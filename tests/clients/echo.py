"""echo.py PROGRAM: clients of examples/echo_server."""
import socket
import sys
import threading
import time

from server import connect, expect, read_to_end, running

GRACE = 5  # seconds that examples/net/server.h leaves to connections that are busy


def half_close(port):
    """All of a large message comes back after the client has ended its half."""
    message = bytes(range(256)) * 4096  # 1 MiB: more than both sides buffer
    client = connect(port)
    received = []
    reader = threading.Thread(target=lambda: received.append(read_to_end(client)))
    reader.start()
    client.sendall(message)
    client.shutdown(socket.SHUT_WR)
    reader.join()
    expect(received[0] == message, True, "echo of 1 MiB")
    client.close()


def at_once(port, count):
    """Connections that are open together do not wait for each other."""
    clients = [connect(port) for _ in range(count)]
    for number, client in enumerate(clients):
        client.sendall(b"%d" % number)
    for number, client in reversed(list(enumerate(clients))):
        expect(client.recv(100), b"%d" % number, f"echo {number}")
    for client in clients:
        client.close()


def reset(port):
    """A client that breaks off does not hurt the others."""
    client = connect(port)
    client.sendall(b"x" * 100_000)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    client.close()


def main():
    with running(sys.argv[1]) as (port, server):
        reset(port)
        half_close(port)
        at_once(port, 100)
        idle = connect(port)
        idle.sendall(b"x")
        expect(idle.recv(1), b"x", "echo")
        server.terminate()
        begin = time.monotonic()
        expect(idle.recv(1), b"", "an idle connection, after SIGTERM")
        expect(time.monotonic() - begin < GRACE * 0.8, True, "at once")


main()
