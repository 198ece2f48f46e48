"""proxy.py PROXY ECHO: clients of examples/tcp_proxy in front of an echo server."""
import socket
import sys
import threading

from server import connect, expect, read_to_end, running


def through(port, message):
    client = connect(port)
    received = []
    reader = threading.Thread(target=lambda: received.append(read_to_end(client)))
    reader.start()
    client.sendall(message)
    client.shutdown(socket.SHUT_WR)  # has to reach the echo server, and its end has to come back
    reader.join()
    expect(received[0] == message, True, f"{len(message)} bytes through the proxy")


def main():
    proxy, echo = sys.argv[1:]
    with running(echo) as (target, _), running(proxy, "127.0.0.1:0", f"127.0.0.1:{target}") as (port, _):
        through(port, b"hello")
        through(port, bytes(range(256)) * 4096)
        at_once = [threading.Thread(target=through, args=(port, b"%d" % i * 1000)) for i in range(20)]
        for thread in at_once:
            thread.start()
        for thread in at_once:
            thread.join()
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # nobody listens there
        with running(proxy, "127.0.0.1:0", f"127.0.0.1:{unused.getsockname()[1]}") as (port, _):
            expect(read_to_end(connect(port)), b"", "no target")


main()
