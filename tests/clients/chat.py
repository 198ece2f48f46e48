"""chat.py PROGRAM: several people in examples/chat."""
import sys

from server import connect, expect, read_to_end, running


class Person:
    def __init__(self, port, name, receive_buffer=None):
        self.name = name
        self.socket = connect(port, receive_buffer)
        self.lines = self.socket.makefile("rb")
        self.say(name)

    def say(self, text):
        self.socket.sendall(text.encode() + b"\r\n")

    def line(self):
        return self.lines.readline().decode()

    def hears(self, *lines):
        for line in lines:
            expect(self.line(), line + "\n", f"what {self.name} hears")


def conversation(port):
    ann = Person(port, "ann")
    ann.hears("* ann joined")
    ben = Person(port, "ben")
    for each in (ann, ben):
        each.hears("* ben joined")
    cem = Person(port, "cem")
    for each in (ann, ben, cem):
        each.hears("* cem joined")
    ben.say("hello")
    for each in (ann, ben, cem):
        each.hears("ben: hello")
    cem.say("/who")
    cem.hears("* ann ben cem")
    Person(port, "ann").hears("* this name is taken")
    ann.say("/quit")
    expect(read_to_end(ann.socket), b"", "after /quit")
    ben.socket.close()  # without a word
    ben.lines.close()
    cem.hears("* ann left", "* ben left")
    return cem


def crowd(port, count):
    """All talk at the same time; each hears every line, in each speaker's order."""
    people = []
    for number in range(count):
        people.append(Person(port, f"p{number}"))
        for each in people:
            each.hears(f"* p{number} joined")
    for text in range(5):
        for each in people:
            each.say(str(text))
    for each in people:
        heard = [each.lines.readline().decode().strip().split(": ") for _ in range(5 * count)]
        for speaker in people:
            expect([text for name, text in heard if name == speaker.name], list("01234"), "order")
    return people


def deaf_one(port):
    """Somebody who never reads is put out, and nobody waits for that."""
    deaf = Person(port, "deaf", receive_buffer=4096)
    deaf.hears("* deaf joined")  # and nothing from now on
    loud = Person(port, "loud")
    loud.hears("* loud joined")
    text = "x" * 1000
    for _ in range(200):  # 20 MB, more than any socket buffers
        for _ in range(100):
            loud.say(text)
        loud.say("/who")
        # On a slow machine the deaf one's time is over before its lines are too many.
        heard = [line for line in (loud.line() for _ in range(101)) if line != "* deaf left\n"]
        while len(heard) < 101:
            heard.append(loud.line())
        expect(set(heard[:100]), {f"loud: {text}\n"}, "the loud one's own lines")
        if heard[100] == "* loud\n":
            break
    else:
        sys.exit("the deaf one is still in the room")
    for each in (deaf, loud):
        each.lines.close()
        each.socket.close()


def main():
    with running(sys.argv[1]) as (port, _):
        last = conversation(port)
        last.say("/quit")
        expect(read_to_end(last.socket), b"", "after /quit")
        deaf_one(port)
    with running(sys.argv[1]) as (port, _):
        people = crowd(port, 10)
    for each in people:
        rest = each.lines.read().decode().splitlines()
        expect([line for line in rest if not line.endswith(" left")], [], "after the end of the server")


main()
