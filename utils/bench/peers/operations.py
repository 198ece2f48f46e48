"""What is measured: the operations, who takes part, and the rows of the table."""
import dataclasses

FIBERS = ("ours", "go", "boost")
ALL = (*FIBERS, "threads")
RATIO = 0.8  # of the best peer's figure, at most


@dataclasses.dataclass(frozen=True)
class Operation:
    name: str  # as the programs know it
    rows: tuple  # (key that the programs print, title, unit)
    peers: tuple = ALL
    procs: tuple = (1, 3)
    rounds: int = 1000  # at most so many, for what takes seconds
    seconds: int = 12  # time limit of one run; what takes longer has no figure
    short: bool = True  # well below a second: also measured with fibers in the background


def one(name, title, peers=ALL, unit="ns", **rest):
    return Operation(name, ((name, title, unit),), peers, **rest)


OPERATIONS = (
    one("yield_2", "yield, 2 fibers"),
    one("yield_1000", "yield, 1000 fibers"),
    one("spawn_join", "spawn + join, one at a time"),
    one("spawn_batch", "spawn + join, batches of 1000"),
    one("round_trip", "unbuffered channel, round trip"),
    one("one_to_one", "channel of 128, one to one"),
    one("many_to_many", "channel of 128, four to four"),
    one("mutex_alone", "mutex, alone"),
    one("mutex_3", "mutex, 3 contenders"),
    one("mutex_100", "mutex, 100 contenders"),
    one("ring", "hand-off, ring of 4"),
    one("select_unbuffered", "select over 4, unbuffered", ("ours", "go")),
    one("select_buffered", "select over 4, buffered", ("ours", "go")),
    one("timer", "timer: arm + stop", ("ours", "go")),
    one("fib", "parallel fib(35), cut-off 12", unit="ms", rounds=3, short=False),
    one("skynet", "skynet", FIBERS, unit="ms", rounds=2, short=False),
    one("preempt", "CPU-bound fiber preempted after", ("ours", "go"), unit="ms", procs=(1,),
        rounds=2, seconds=4, short=False),
    Operation("sleepers", (("sleepers_p50", "sleepers of 1 s: late, p50", "ms"),
                           ("sleepers_p99", "sleepers of 1 s: late, p99", "ms")),
              FIBERS, procs=(3,), rounds=2, short=False),
    Operation("parked", (("parked_create", "parked: create", "ns"),
                         ("parked_wake", "parked: wake + end", "ns"),
                         ("parked_bytes", "parked: memory of each", "B")),
              FIBERS, rounds=2, seconds=20, short=False),
)

BOOST_ON_THREADS = ("shared_work", "work_stealing")


def variants(peer, procs):
    """What runs for one peer: ((name, program, options), rows of the table it counts in).

    Boost.Fiber on one thread counts where there are more processors too: a user may choose it.
    """
    if peer != "boost":
        return [((peer, peer, []), (row,)) for row in procs]
    named = {name: (f"boost {name}", "boost", ["--scheduler", name])
             for name in ("round_robin", *BOOST_ON_THREADS)}
    return [(named["round_robin"], procs),
            *((named[name], (row,)) for row in procs if row > 1 for name in BOOST_ON_THREADS)]


def rivals(key, figures):
    """The peers' figures that count. Threads compute fib with a cut-off of 20: not the same work."""
    return {name: value for name, value in figures.items()
            if name != "ours" and value is not None and (key, name) != ("fib", "threads")}


def judge(key, figures):
    """Returns (target as text, met) from {column: figure or None}; met is None without peers."""
    ours = figures.get("ours")
    others = rivals(key, figures)
    if key == "preempt":
        return "20 ms", ours is not None and ours <= 20
    if not others:
        return "", None
    if key.startswith("parked"):
        limits = [2 * value if name == "go" else value for name, value in others.items()]
        return "2.00 Go, 1.00 Boost", ours is not None and all(ours <= limit for limit in limits)
    return f"{RATIO:.2f}", ours is not None and ours <= RATIO * min(others.values())
