"""check_trace.py FILE [--cut] [NAME...]: is FILE a trace that a viewer can show?

Checks: it is JSON; every event lies on a track that has a name; the slices of a track nest or
follow each other, and those of fibers never overlap; every arrow has one beginning and one
later end, each inside a slice; a fiber is never on two tracks at once; each NAME is the
beginning of some event's name. --cut: the file must say that its limit was reached; then the
slice at one end of an arrow may be missing.
Output:  counts, then one line for each kind of event and how many there are.
"""
import argparse
import collections
import json
import sys
from decimal import Decimal


def fail(text):
    sys.exit(f"check_trace: {text}")


def events_of(path, cut):
    with open(path, encoding="utf-8") as file:
        trace = json.load(file, parse_float=Decimal)
    complete = trace["otherData"]["complete"]
    if cut != complete.startswith("no"):
        fail(f"complete: {complete}")
    return trace["traceEvents"]


def track(event):
    return event["pid"], event["tid"]


def check_tracks(events):
    names = {track(e) for e in events if e["ph"] == "M" and e["name"] == "thread_name"}
    for event in events:
        if event["ph"] != "M" and track(event) not in names:
            fail(f"no name for the track of {event}")


def check_nesting(slices):
    """On one track: sorted by begin, longest first, each lies inside or behind the last."""
    open_ends = []
    for event in sorted(slices, key=lambda e: (e["ts"], -e["dur"])):
        begin, end = event["ts"], event["ts"] + event["dur"]
        while open_ends and open_ends[-1][0] <= begin:
            open_ends.pop()
        if open_ends and end > open_ends[-1][0]:
            fail(f"overlap: {event} and {open_ends[-1][1]}")
        if open_ends and event["cat"] == "fiber" and open_ends[-1][1]["cat"] == "fiber":
            fail(f"a fiber inside a fiber: {event}")
        open_ends.append((end, event))


def check_fibers(slices):
    by_fiber = collections.defaultdict(list)
    for event in slices:
        if event["cat"] == "fiber":
            by_fiber[event["args"]["fiber"]].append(event)
    for fiber in by_fiber.values():
        fiber.sort(key=lambda e: e["ts"])
        for before, after in zip(fiber, fiber[1:]):
            if before["ts"] + before["dur"] > after["ts"]:
                fail(f"a fiber twice at once: {before} {after}")


def check_arrows(events, slices, cut):
    begins, ends = {}, {}
    for event in events:
        side = {"s": begins, "f": ends}.get(event["ph"])
        if side is None:
            continue
        if event["id"] in side:
            fail(f"two arrows of one number: {event}")
        side[event["id"]] = event
    if begins.keys() != ends.keys():
        fail(f"arrows with one end: {begins.keys() ^ ends.keys()}")
    tracks = collections.defaultdict(list)
    for event in slices:
        tracks[track(event)].append((event["ts"], event["ts"] + event["dur"]))
    for side in tracks.values():
        side.sort()
    for number, begin in begins.items():
        if begin["ts"] > ends[number]["ts"]:
            fail(f"an arrow back in time: {begin}")
        for event in (begin, ends[number]):
            if not cut and not any(a <= event["ts"] <= b for a, b in tracks[track(event)]):
                fail(f"an arrow outside of all slices: {event}")
    return len(begins)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("file")
    parser.add_argument("--cut", action="store_true")
    parser.add_argument("names", nargs="*")
    args = parser.parse_args()
    events = events_of(args.file, args.cut)
    slices = [e for e in events if e["ph"] == "X"]
    check_tracks(events)
    tracks = collections.defaultdict(list)
    for event in slices:
        tracks[track(event)].append(event)
    for on_track in tracks.values():
        check_nesting(on_track)
    check_fibers(slices)
    arrows = check_arrows(events, slices, args.cut)
    for name in args.names:
        if not any(e["name"].startswith(name) for e in events):
            fail(f"no event is called {name}")
    print(f"{len(events)} events, {len(slices)} slices, {arrows} arrows, {len(tracks)} tracks")
    kinds = collections.Counter(e["name"] for e in events if e.get("cat") == "scheduler")
    for name, count in sorted(kinds.items()):
        print(f"{name}: {count}")


if __name__ == "__main__":
    main()
