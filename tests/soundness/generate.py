"""Writes small programs of one fiber that are rich in what eliminations of checks get wrong.

    generate.py FILE-SEED [SCENARIOS]        prints one file

Input:   a seed; equal seeds give equal files.
Output:  a Scenario: variables, functions, and the body as a tree of statements, which can be
         printed, and reduced by leaving statements out.

A statement is a list of pieces: text, or a list of statements. What decides which way a program
goes are constants that no compiler knows (u0 is 0, u1 is 1, ...), read before anything else, so a
scenario does the same in each run and at each level.
"""
import random
import sys

PROFILES = {  # what a scenario is made of: weights of statements
    "straight": {"access": 10, "release": 1, "acquire": 1, "helper": 1, "line": 2},
    "kinds": {"access": 4, "bits": 3, "volatile": 2, "atomic": 4, "packed": 4, "range": 3, "release": 1, "line": 2},
    "fields": {"field": 10, "packed": 5, "copy": 2, "release": 1, "acquire": 1, "if": 1},
    "branch": {"access": 5, "if": 5, "switch": 1, "release": 2, "acquire": 2, "helper": 2},
    "loop": {"access": 2, "loop": 6, "simple_loop": 5, "nest": 3, "walk": 3, "masked": 3, "release": 1, "acquire": 1},
    "exits": {"access": 2, "loop": 3, "exit_loop": 8, "walk": 2, "release": 1},
    "loop_sync": {"access": 2, "sync_loop": 8, "simple_loop": 2, "release": 1, "acquire": 1},
    "calls": {"access": 6, "helper": 8, "release": 1, "acquire": 1, "if": 1, "recursion": 2, "virtual": 5},
    "exceptions": {"access": 5, "try": 5, "exit_loop": 3, "release": 1, "acquire": 1, "helper": 2},
    "jumps": {"access": 4, "setjmp": 4, "if": 1, "loop": 1, "release": 1},
    "locals": {"access": 3, "local": 8, "closure": 3, "release": 2, "acquire": 1, "helper": 1, "if": 1},
    "heap": {"access": 3, "heap": 7, "chase": 4, "release": 2, "if": 1, "loop": 1},
    "mixed": {"access": 4, "field": 3, "atomic": 2, "range": 2, "if": 2, "loop": 2, "simple_loop": 2, "chase": 2,
              "helper": 2, "release": 2, "acquire": 2, "bits": 1, "packed": 1},
    "paused": {"access": 6, "field": 3, "pause": 3, "if": 1, "simple_loop": 2, "helper": 1},
    "last": {"access": 4, "if": 1, "last_loop": 3, "acquire": 1, "end_if": 2},
    "choices": {"access": 2, "choice": 6, "argument": 4, "text": 1, "release": 1, "acquire": 1, "if": 1, "sum_nest": 1},
    "sums": {"access": 2, "sum_nest": 8, "until": 3, "choice": 1, "release": 1, "acquire": 1, "simple_loop": 1},
    "fibers": {"access": 6, "fiber_release": 4, "fiber_acquire": 3, "child": 3, "if": 2, "loop": 2, "line": 1},
}
WITH_FIBERS = 4  # every fourth file includes <fiber/fiber.h>, which takes longer to compile than the rest
ORDER = [profile for profile in PROFILES if profile != "fibers"]

# name, C type, elements; variables of a scenario are drawn from these
ARRAYS = [("a", "int", 8), ("c", "char", 24), ("h", "short", 12), ("d", "long", 6), ("q", "int", 12),
          ("z", "double", 6)]
SIZES = {"int": 4, "char": 1, "short": 2, "long": 8, "double": 8, "Mixed": 40, "Packed": 16, "Bits": 12, "Node": 16}
FIELDS = ["a", "b", "c", "d", "e", "f[0]", "f[1]", "f[2]", "f[3]"]
PACKED = ["a", "b", "c", "d", "e"]
BITS = [("x", 0), ("y", 0), ("z", 0), ("u", 8), ("v", 8)]
RELEASE_ORDERS = ["__ATOMIC_RELEASE", "__ATOMIC_SEQ_CST"]
RMW_RELEASE = ["__ATOMIC_RELEASE", "__ATOMIC_ACQ_REL", "__ATOMIC_SEQ_CST"]
ACQUIRE_ORDERS = ["__ATOMIC_ACQUIRE", "__ATOMIC_SEQ_CST"]


class Scenario:
    def __init__(self, seed, name, profile=None):
        self.random = random.Random(seed)
        self.seed, self.name = seed, name
        self.profile = profile or ORDER[self.random.randrange(len(ORDER))]
        self.weights = PROFILES[self.profile]
        self.variables = []  # (name, type, elements or 0)
        self.thread_locals = []  # nobody else knows them
        self.helpers = []    # (head, statements): function definitions in order
        self.releases = self.acquires = 0
        self.locals = self.values = self.labels = 0
        self.has_local = self.profile in ("locals", "heap")
        self.in_helper = False
        self.pick_variables()
        count = self.random.randint(5, 12)
        self.body = [self.statement(0, []) for _ in range(count)]
        if self.profile == "paused":
            self.body.insert(self.random.randrange(1, count), ["sound::pause();"])
        if self.profile == "last":
            self.body.append(["if (u1) sound::end_process();"])
            self.body += [self.statement(0, []) for _ in range(3)]

    # -- variables

    def pick_variables(self):
        draw = self.random
        arrays = draw.sample(ARRAYS, draw.randint(1, 2))
        self.arrays = [(name, kind, count) for name, kind, count in arrays]
        self.variables += self.arrays
        self.variables += [("g", "int", 0)] + ([("l", "long", 0)] if draw.random() < 0.5 else [])
        if any(key in self.weights for key in ("field", "copy")) or draw.random() < 0.3:
            self.variables.append(("m", "Mixed", 0))
            if "copy" in self.weights:
                self.variables.append(("m2", "Mixed", 0))
        if "packed" in self.weights:
            self.variables.append(("p", "Packed", 0))
        if "bits" in self.weights:
            self.variables.append(("b", "Bits", 0))
        if "chase" in self.weights or self.profile == "calls":
            self.variables.append(("n", "Node", 3))
        while sum(probes(kind, count) for _, kind, count in self.variables) > (88 if self.has_local else 124):
            self.variables.pop(self.random.randrange(len(self.variables)))
        if not any(count and kind in ("int", "char", "short", "long", "double") for _, kind, count in self.variables):
            self.variables.append(("a", "int", 8))
        if not any(name == "g" for name, _, _ in self.variables):
            self.variables.append(("g", "int", 0))
        self.names = {name for name, _, _ in self.variables}
        if draw.random() < 0.25:
            self.thread_locals.append(("t", draw.choice(["int", "char", "long"]), draw.choice([6, 12])))
        self.arrays = self.known_arrays()

    def known_arrays(self):
        return [v for v in self.variables + self.thread_locals if v[2] and v[1] != "Node"]

    def value(self):
        self.values += 1
        return str(self.values % 100 + 1)

    def index(self, count, loops):
        """An index below `count`; loops: (variable, below)."""
        draw = self.random
        fitting = [(name, below) for name, below in loops if below <= count]
        if fitting and draw.random() < 0.85:
            name, below = draw.choice(fitting)
            choices = [name, name, f"{below - 1} - {name}"]
            if below < count:
                choices += [f"{name} + {count - below}"]
            return draw.choice(choices)
        if loops and draw.random() < 0.3:
            return f"{draw.choice(loops)[0]} % {count}"
        return str(draw.randrange(count))

    def place(self, loops):
        """An lvalue of an arithmetic type, and the type."""
        draw = self.random
        if draw.random() < (0.8 if loops else 0.5):
            name, kind, count = draw.choice(self.arrays)
            return f"{name}[{self.index(count, loops)}]", kind
        scalars = [v for v in self.variables if not v[2] and v[1] in ("int", "long")]
        name, kind, _ = draw.choice(scalars)
        if "m" in self.names and draw.random() < 0.3:
            field = draw.choice(FIELDS)
            return f"m.{field}", "int"
        return name, kind

    # -- statements

    def statement(self, depth, loops, weights=None):
        weights = dict(weights or self.weights)
        if depth >= 2:
            for heavy in ("loop", "exit_loop", "sync_loop", "last_loop", "nest", "try", "switch", "setjmp", "sum_nest",
                          "until", "masked"):
                weights.pop(heavy, None)
        if depth >= 3:
            weights.pop("if", None)
            weights.pop("closure", None)
        if depth > 0:
            for top in ("setjmp", "local", "heap", "pause", "child"):
                weights.pop(top, None)
        if self.in_helper:
            for top in ("helper", "argument", "recursion", "virtual", "closure", "local", "heap", "setjmp", "end_if", "pause",
                        "last_loop"):
                weights.pop(top, None)
        weights.setdefault("access", 2)
        kind = self.random.choices(list(weights), list(weights.values()))[0]
        return getattr(self, "make_" + kind)(depth, loops)

    def block(self, depth, loops, least=1, most=4, weights=None):
        return [self.statement(depth + 1, loops, weights) for _ in range(self.random.randint(least, most))]

    def make_access(self, _depth, loops):
        place, _kind = self.place(loops)
        form = self.random.random()
        if form < 0.4:
            return [f"W({place}, {self.value()});"]
        if form < 0.75:
            return [f"s += R({place});"]
        return [f"U({place}, {self.random.choice(['+=', '^=']) if _kind != 'double' else '+='}, {self.value()});"]

    def make_field(self, _depth, _loops):
        return self.of_object("m" if "m" in self.names else None, FIELDS)

    def of_object(self, name, fields):
        if name is None:
            return [f"W(g, {self.value()});"]
        field = self.random.choice(fields)
        form = self.random.random()
        if form < 0.5:
            return [f"W({name}.{field}, {self.value()});"]
        return [f"s += R({name}.{field});"]

    def make_packed(self, _depth, _loops):
        if "p" not in self.names:
            return [f"s += R(g);"]
        field = self.random.choice(PACKED)
        if self.random.random() < 0.5:
            return ["{ ", [[f"auto packed_ = {self.value()}; "
                            f"LOG(log_write((const char*)&p + offsetof(Packed, {field}), "
                            f"sizeof(p.{field}))); p.{field} = packed_;"]], "}"]
        return [f"LOG(log_read((const char*)&p + offsetof(Packed, {field}), sizeof(p.{field}))); s += p.{field};"]

    def make_bits(self, _depth, _loops):
        if "b" not in self.names:
            return [f"s += R(g);"]
        field, unit = self.random.choice(BITS)
        if self.random.random() < 0.2:
            return [f"W(b.n, {self.value()});"]
        if self.random.random() < 0.5:
            return [f"BW(b, {unit}, {field}, 1);"]
        return [f"s += BR(b, {unit}, {field});"]

    def make_copy(self, _depth, _loops):
        if not {"m", "m2"} <= self.names:
            return [f"s += R(g);"]
        return [self.random.choice(["ASSIGN(m, m2);", "ASSIGN(m2, m);", "COPY(m.c, m2.c, 24);",
                                    "COPY(m.a, m2.a, n8);"])]

    def make_volatile(self, _depth, loops):
        place, kind = self.place(loops)
        if place.startswith("m."):
            return [f"s += R({place});"]
        return [self.random.choice([f"s += VR({kind}, {place});", f"VW({kind}, {place}, {self.value()});"])]

    def make_atomic(self, _depth, loops):
        places = [v for v in self.arrays if v[1] in ("int", "long", "short", "char")]
        if not places:
            return [f"AW(g, 1, __ATOMIC_RELAXED);"]
        name, _, count = self.random.choice(places)
        place = f"{name}[{self.index(count, loops)}]"
        return [self.random.choice([
            f"s += AR({place}, __ATOMIC_RELAXED);", f"AW({place}, {self.value()}, __ATOMIC_RELAXED);",
            f"s += AR({place}, __ATOMIC_ACQUIRE);", f"AW({place}, {self.value()}, __ATOMIC_RELEASE);",
            f"s += RMW(add, {place}, 1, __ATOMIC_RELAXED);", f"s += RMW(or, {place}, 1, __ATOMIC_ACQ_REL);"])]

    def make_range(self, _depth, _loops):
        name, kind, count = self.random.choice(self.arrays)
        first = self.random.randrange(count)
        size = self.random.randint(1, count - first) * SIZES[kind]
        size = str(size) if self.random.random() < 0.6 or size < 8 else self.random.choice(["n8", "n3"])
        if self.random.random() < 0.6 or count < 4:
            return [f"FILL({name}[{first}], {size});"]
        half = count // 2
        size = min(int(size), half * SIZES[kind]) if size.isdigit() else ("n3" if half * SIZES[kind] < 8 else size)
        return [f"COPY({name}[{half}], {name}[0], {size});"]

    def make_line(self, _depth, loops):
        """Neighbours on one line, which one check may stand for; at times with something between them."""
        name, _, count = self.random.choice(self.arrays)
        first = self.random.randrange(count // 2) * 2 if count > 1 else 0
        places = [f"{name}[{i}]" for i in range(first, min(count, first + self.random.choice([2, 2, 4])))]
        acts = [self.random.choice([f"W({place}, {self.value()});", f"s += R({place});"]) for place in places]
        if self.random.random() < 0.5:
            acts = [f"W({place}, {self.value()});" for place in places]
        if self.random.random() < 0.5:
            between = self.random.choice([self.make_release, self.make_acquire])(2, loops)[0]
            acts.insert(self.random.randrange(1, len(acts) + 1), between)
        return [" ".join(acts)]

    # Synchronisation

    def slot(self, side):
        limit = 3
        used = getattr(self, side)
        if used < limit and (used == 0 or self.random.random() < 0.6):
            setattr(self, side, used + 1)
            return used
        return self.random.randrange(used)

    def make_release(self, _depth, _loops):
        k = self.slot("releases")
        order, rmw = self.random.choice(RELEASE_ORDERS), self.random.choice(RMW_RELEASE)
        how = self.random.choices([
            f"__atomic_store_n(&OUT({k}), 1, {order});", f"__atomic_fetch_add(&OUT({k}), 1, {rmw});",
            f"__atomic_thread_fence({self.random.choice(RMW_RELEASE)}); "
            f"__atomic_store_n(&OUT({k}), 1, __ATOMIC_RELAXED);",
            f"sound::unlock_slot({k});", f"sound::send_slot({k});", f"sound::post_slot({k});",
            f"sound::spawn_slot({k});",
            self.random.choice([f"release_deep({k});", f"release_deepest({k});"]), f"sound::call(release_called, (void*){k}L);", f"release_pointer({k});",
            f"if (u1) release_deep({k});",
            f"__atomic_exchange_n(&OUT({k}), 1, {rmw});",
        ], [4, 3, 3, 1, 1, 1, 1, 3, 2, 4, 1, 1])[0]
        return [f"RELEASED({k}); {how}"] if not how.startswith("if") else [f"RELEASED({k}); {how}"]

    def make_acquire(self, _depth, _loops):
        k = self.slot("acquires")
        order = self.random.choice(ACQUIRE_ORDERS)
        how = self.random.choices([
            f"s += __atomic_load_n(&IN({k}), {order});", f"s += __atomic_fetch_add(&IN({k}), 0, __ATOMIC_ACQUIRE);",
            f"s += __atomic_load_n(&IN({k}), __ATOMIC_RELAXED); __atomic_thread_fence(__ATOMIC_ACQUIRE);",
            f"sound::lock_slot({k});", f"sound::receive_slot({k});", f"sound::join_slot({k});",
            self.random.choice([f"acquire_deep({k});", f"acquire_deepest({k});"]), f"sound::call(acquire_called, (void*){k}L);", f"acquire_pointer({k});",
        ], [4, 3, 3, 1, 1, 1, 3, 2, 3])[0]
        return [f"{how} ACQUIRED({k});"]

    # Synchronisation by the runtime's own templates and inline functions, compiled into the file.

    def make_fiber_release(self, _depth, _loops):
        k = self.slot("releases")
        return [f"RELEASED({k}); " + self.random.choice([
            f"sound::of_body({k}).channel.try_send(1);", f"sound::of_body({k}).semaphore.release();",
            f"{{ std::scoped_lock lock(sound::of_body({k}).mutex); }}",
            f"sound::of_body({k}).group.add(1); sound::of_body({k}).group.done();"])]

    def make_fiber_acquire(self, _depth, _loops):
        k = self.slot("acquires")
        return [self.random.choice([
            f"sound::of_probe({k}).channel.try_receive();", f"sound::of_probe({k}).semaphore.try_acquire();",
            f"{{ std::scoped_lock lock(sound::of_probe({k}).mutex); }}",
            f"sound::of_probe({k}).group.wait();"]) + f" ACQUIRED({k});"]

    def make_child(self, depth, _loops):
        """A fiber that the body waits for: it does part of the body's work."""
        inner = self.block(depth + 1, [], 1, 3, {"access": 4, "fiber_release": 1, "line": 1})
        self.locals += 1
        v = f"child{self.locals}"
        name = 'fiber::FiberOptions{.name = "child"}'
        if self.random.random() < 0.5:
            return [f"{{ fiber::Handle<void> {v} = fiber::spawn({name}, [&] {{", inner, f"}}); {v}.join(); }}"]
        return [f"{{ fiber::WaitGroup {v}; {v}.go([&] {{", inner, f"}}); {v}.wait(); }}"]

    # Control flow

    def condition(self, loops):
        draw = self.random
        if loops and draw.random() < 0.6:
            name, below = draw.choice(loops)
            return draw.choice([f"{name} == {draw.randrange(below)}", f"{name} > {draw.randrange(below)}",
                                f"{name} & 1"])
        return draw.choice(["u0", "u1", "u0", "u1", "s & 1", "n8 > 4"])

    def make_if(self, depth, loops):
        condition = self.condition(loops)
        if condition == "s & 1":
            condition = "u1"
        pieces = [f"if ({condition}) {{", self.block(depth, loops)]
        if self.random.random() < 0.5:
            pieces += ["} else {", self.block(depth, loops)]
        return pieces + ["}"]

    def make_switch(self, depth, loops):
        pieces = [f"switch ({self.random.choice(['n3', 'u1', 'u0'])}) {{ case 0: {{",
                  self.block(depth, loops), "} break; case 1: {",
                  self.block(depth, loops), "} [[fallthrough]]; case 3: {", self.block(depth, loops), "}",
                  "default:;"]
        return pieces + ["}"]

    def loop_head(self, variable, allow_zero=True):
        """Text of the head, exclusive bound of the variable's values."""
        draw = self.random
        below = draw.choice([3, 4, 6, 6, 8, 12])
        unknown = {3: "n3", 4: "n4", 6: "n6", 8: "n8", 12: "n12"}[below]
        bound = draw.choice([str(below), unknown, unknown])
        if allow_zero and draw.random() < 0.12:
            bound = "u0"
        v = variable
        kind = draw.choice(["int", "int", "unsigned", "long", "size_t"])
        down = kind if kind in ("int", "long") else "int"
        return draw.choice([
            f"for ({kind} {v} = 0; {v} < ({kind}){bound}; ++{v})",
            f"for ({kind} {v} = 0; {v} < ({kind}){bound}; ++{v})",
            f"for ({down} {v} = ({down}){bound} - 1; {v} >= 0; --{v})",
            f"for ({kind} {v} = 0; {v} < ({kind}){bound}; {v} += 2)",
            f"for ({kind} {v} = 1; {v} < ({kind}){bound}; {v} += 3)",
            f"for ({kind} {v} = 0; {v} != ({kind}){bound}; ++{v})",
            f"for ({kind} {v} = (u1 + 1); {v} < ({kind}){bound}; ++{v})",
        ]), below

    def new_loop(self):
        self.locals += 1
        return f"i{self.locals}"

    def make_loop(self, depth, loops, weights=None, least=1):
        v = self.new_loop()
        head, below = self.loop_head(v)
        inner = loops + [(v, below)]
        return [head + " {", self.block(depth, inner, least, 4, weights), "}"]

    def make_simple_loop(self, _depth, loops):
        """What vectorisers and recognisers of idioms look for."""
        v = self.new_loop()
        head, below = self.loop_head(v)
        names = [x for x in self.arrays if x[2] >= below] or None
        if names is None:
            v = self.new_loop()
            below = min(x[2] for x in self.arrays)
            head = f"for (int {v} = 0; {v} < {below}; ++{v})"
            names = self.arrays
        to, kind, _ = self.random.choice(names)
        source, _, _ = self.random.choice(names)
        test = self.random.choice([">= 0", "== 0", "> 40"])
        conditional = f"if (R({source}[{v}]) {test}) " if self.random.random() < 0.3 else ""
        return [head + " {", [[self.random.choice([
            f"W({to}[{v}], R({source}[{v}]) + {self.value()});", f"{conditional}W({to}[{v}], 0);",
            f"{conditional}s += R({source}[{v}]);", f"{conditional}U(g, +=, R({source}[{v}]));",
            f"U({to}[{v}], +=, R(g));",
            f"W(g, R({to}[{v}]));", f"if (u0) {{ W({to}[{v}], 1); }}"])]], "}"]

    def make_nest(self, _depth, loops):
        """Rows of an array, whole or with gaps between them."""
        name, kind, count = self.random.choice([v for v in self.arrays if v[2] >= 6] or [("g", "int", 1)])
        if count < 6:
            return self.make_access(_depth, loops)
        width = 3 if count % 3 == 0 else 4
        self.locals += 1
        i, j = f"i{self.locals}", f"j{self.locals}"
        rows = count // width
        inner = self.random.choice([str(width), "n3"])
        outer = self.random.choice([str(rows), "n3" if rows >= 3 else "u1"])
        at = f"{name}[{i} * {width} + {j}]"
        more = [self.statement(2, loops, {"access": 1})] if self.random.random() < 0.3 else []
        return [f"for (int {i} = 0; {i} < {outer}; ++{i}) {{", more +
                [[f"for (int {j} = 0; {j} < {inner}; ++{j}) {{", [[self.random.choice(
                    [f"W({at}, {self.value()});", f"s += R({at});", f"U({at}, +=, 1);"])]], "}"]], "}"]

    # What only some ways read

    def unsure(self, loops):
        """A condition that no compiler decides; it may read."""
        name, kind, count = self.random.choice(self.arrays)
        at = f"{name}[{self.index(count, loops)}]"
        return self.random.choice([self.condition(loops).replace("s & 1", "u1"), f"R({at}) > 40", f"R({at}) == 0",
                                   "R(g) > 200", "u0", "u1"])

    def fixed_place(self, kind=None):
        """A place that no loop moves: (lvalue, type)."""
        places = [("g", "int")] + [("l", "long")] * ("l" in self.names)
        places += [(f"m.{field}", "int") for field in ("a", "f[1]", "f[2]")] * ("m" in self.names)
        for name, of, count in self.known_arrays():
            places += [(f"{name}[{self.random.randrange(count)}]", of) for _ in range(2)]
        return self.random.choice([one for one in places if kind in (None, one[1])])

    def use(self, place, kind):
        operation = self.random.choice(["+=", "^="]) if kind != "double" else "+="
        return self.random.choice([f"s += R({place});", f"U({place}, {operation}, {self.value()});",
                                   f"U({place}, {operation}, {self.value()});", f"W({place}, {self.value()});",
                                   f"if (R({place}) == 0) W({place}, {self.value()});"])

    def make_sum_nest(self, _depth, loops):
        """One place, in nested loops that come to it on some ways only."""
        i, j = self.new_loop(), self.new_loop()
        outer, inner = self.loop_head(i), self.loop_head(j)
        place, kind = self.fixed_place()
        act = [[f"if ({self.unsure(loops + [(i, outer[1]), (j, inner[1])])}) {self.use(place, kind)}"]]
        if self.random.random() < 0.4:
            act.insert(self.random.randrange(2), self.make_access(2, loops + [(j, inner[1])]))
        loop = [[inner[0] + " {", act, "}"]]
        if self.random.random() < 0.6:
            loop = [[f"if ({self.unsure(loops + [(i, outer[1])])}) {{", loop, "}"]]
        if self.random.random() < 0.3:
            loop.append([self.use(place, kind)])
        if self.random.random() < 0.2:
            loop.insert(0, self.random.choice([self.make_release, self.make_acquire])(2, loops))
        return [outer[0] + " {", loop, "}"]

    def make_until(self, _depth, loops):
        """Loops that find their end in memory."""
        name, kind, count = self.random.choice(self.known_arrays())
        v = self.new_loop()
        place, of = self.fixed_place()
        at = f"{name}[{v}]"
        act = f"if ({self.unsure([(v, count)])}) {self.use(place, of)}"
        return self.random.choice([
            ["{", [[f"int {v} = 0; while ({v} < {count} && R({at}) < 50) {{"], [act], [f"++{v}; }}"]], "}"],
            ["{", [[f"int {v} = 0; do {{"], [act], [f"if (R({at}) > 70) break; }} while (++{v} < {count});"]], "}"],
            [f"for (int {v} = 0; {v} < {count}; ++{v}) {{ switch ((int)R({at}) & 3) {{ case 0:", [[act]],
             "break; case 1:", [[self.use(place, of)]], "default:; } }"]])

    def make_choice(self, _depth, loops):
        """One of two places by its address."""
        first, kind = self.fixed_place()
        second, _ = self.fixed_place(kind)
        condition = self.unsure(loops)
        v = f"p{self.new_loop()}"
        chosen = f"{kind}* {v} = {condition} ? &{first} : &{second};"
        form = self.random.randrange(5)
        if form == 0:
            return [f"{{ {chosen} {self.use('*' + v, kind)} }}"]
        if form == 1:
            return [f"{{ {chosen} if ({self.unsure(loops)}) {self.use('*' + v, kind)} }}"]
        if form == 2:
            return [f"{{ {kind} mine_ = ({kind})u0; if ({condition}) {{ LOG(log_read(&{first}, sizeof {first})); }} "
                    f"s += *(u1 && !u0 && ({condition.replace('R(', '(')}) ? &{first} : &mine_) + 1; }}"]
        if form == 3 and {"m", "m2"} <= self.names:
            return [f"{{ Mixed* {v} = {condition} ? &m : &m2; {self.use(v + '->' + self.random.choice(FIELDS), 'int')} }}"]
        i = self.new_loop()
        return [f"for (int {i} = 0; {i} < n3; ++{i}) {{", [[f"{kind}* {v} = {i} & 1 ? &{first} : &{second}; "
                                                             f"{self.use('*' + v, kind)}"]], "}"]

    def make_argument(self, _depth, loops):
        """A function that is given places by reference and may leave them alone."""
        first, kind = self.fixed_place()
        second, _ = self.fixed_place(kind)
        number = len(self.helpers)
        self.helpers.append([
            f"{self.random.choice(['__attribute__((noinline)) ', '__attribute__((noinline)) ', ''])}static unsigned long "
            f"helper{number}(const {kind}& x, {kind}* y, int k) {{ FRAME",
            [[f"if (k) {self.random.choice(['s += 7;', 'return 3;', 's += R(x);', 'fail_at(u0, 1);'])}"],
             [self.random.choice([f"if ({self.unsure([])}) s += R(x);", "s += R(x);",
                                  "for (int i_ = 0; i_ < k; ++i_) s += R(x);"])],
             [f"if (k > 1) {self.use('*y', kind)}"]],
            "return s; }"])
        calls = [f"s += helper{number}({first}, &{second}, {self.random.choice(['u0', 'u1', 'n3'])});"]
        if self.random.random() < 0.5:
            calls.append(f"s += helper{number}({second}, &{first}, u0);")
        return [" ".join(calls)]

    def make_text(self, _depth, loops):
        if "c" not in self.names:
            return self.make_choice(_depth, loops)
        return [self.random.choice(['s += SAME(c, "abcdef");', 's += SAME(c, "\\3\\3");', 's += SAME(c, "");'])]

    def make_walk(self, _depth, loops):
        """Pointers that advance."""
        name, kind, count = self.random.choice(self.arrays)
        self.locals += 1
        at = f"at{self.locals}"
        count = {8: "n8", 6: "n6", 12: "n12", 24: "n12", 4: "n4"}.get(count, str(count))
        act = self.random.choice([f"W(*{at}, {self.value()});", f"s += R(*{at});", f"U(*{at}, +=, 1);"])
        form = self.random.randrange(4)
        end = f"{name} + {count}"
        if form == 0:
            return [f"for ({kind}* {at} = {name}; {at} != {end}; ++{at}) {{", [[act]], "}"]
        if form == 1:
            return ["{", [[f"{kind}* {at} = {end}; while ({at} != {name}) {{ --{at}; {act} }}"]], "}"]
        if form == 2:
            return ["{", [[f"{kind}* {at} = {name}; do {{ {act} }} while (++{at} != {end});"]], "}"]
        return ["{", [[f"{kind}* {at} = {name}; while ({at} < {end} && R(*{at}) < 1000) {{ {act} {at} += 1; }}"]], "}"]

    def make_exit_loop(self, depth, loops):
        v = self.new_loop()
        head, below = self.loop_head(v, allow_zero=False)
        inner = loops + [(v, below)]
        at = self.random.randrange(below)
        self.labels += 1
        label = f"out{self.labels}"
        exits = ["break;", "continue;", f"goto {label};", f"sound::fail({self.value()});",
                 f"fail_deep({self.value()});"]
        if not self.has_local:
            exits.append("return s;" if self.in_helper else "return;")
        how = self.random.choice(exits)
        # The last two leave in the first turn, which no compiler knows: what is behind them never happens.
        guard = self.random.choice([f"if ({v} == {at}) ", f"if ({v} >= n{self.random.choice([3, 4])}) ",
                                    f"if (u1 && {v} == {at}) ", f"if (R(g) == 12345 || {v} == n3) ",
                                    "if (R(g) != 12345) ", "if (numbers[1]) "])
        if how == "fail_deep(" or "fail_deep" in how:
            guard, how = "", f"fail_at(({v} == {at}), {self.value()});"
        pieces = self.block(depth, inner, 1, 2) + [[guard + how]] + self.block(depth, inner, 1, 3)
        text = [head + " {", pieces, "}"]
        if "fail" in how and (self.has_local or self.random.random() < 0.7):
            text = ["try {", [text], "} catch (int) {", self.block(depth, loops, 0, 1), "}"]
        if "goto" in how:
            text = ["{", [text], f"}} {label}:;"]
        return text

    def make_masked(self, depth, loops):
        """Loops that become one vector access, under a mask and without."""
        fitting = [v for v in self.arrays if v[2] >= 8 and SIZES[v[1]] <= 4]
        if not fitting:
            return self.make_access(depth, loops)
        name, v = self.random.choice(fitting)[0], self.new_loop()
        head = f'_Pragma("clang loop unroll(disable)") for (int {v} = 0; {v} < 8; ++{v})'
        condition = self.random.choice([f"{v} < n{self.random.choice([3, 4, 6])}", f"({v} & 1) == u1"])
        whole = self.random.choice([f"W({name}[{v}], {self.value()});", f"s += R({name}[{v}]);"])
        lines = [f"{head} if ({condition}) W({name}[{v}], {self.value()});", f"{head} {whole}"]
        self.random.shuffle(lines)
        return lines

    def make_last_loop(self, depth, loops):
        v = self.new_loop()
        head, below = self.loop_head(v, allow_zero=False)
        inner = loops + [(v, below)]
        return [head + " {",
                self.block(depth, inner, 1, 2) + [[f"end_if({v} == {self.random.randrange(below + 3)});"]] +
                self.block(depth, inner, 1, 2), "}"]

    def make_end_if(self, _depth, _loops):
        return ["end_if(u0);"]

    def make_sync_loop(self, depth, loops):
        v = self.new_loop()
        head, below = self.loop_head(v, allow_zero=self.random.random() < 0.3)
        inner = loops + [(v, below)]
        sync = [self.random.choice([self.make_release, self.make_acquire])(depth, inner)]
        if self.random.random() < 0.4:
            sync = [[f"if ({v} == {self.random.randrange(below)}) {{", sync, "}"]]
        if self.random.random() < 0.2:
            sync.append([self.random.choice(["sound::opaque();", "sound::yield();", "sound::own_mutex();",
                                             "compute(3);"])])
        weights = {"access": 4, "field": 1, "simple_loop": 1, "if": 1}
        return [head + " {", self.block(depth, inner, 1, 3, weights) + sync + self.block(depth, inner, 1, 3, weights),
                "}"]

    def make_try(self, depth, loops):
        middle = self.random.choice([f"sound::fail({self.value()});", f"fail_at(u1, {self.value()});",
                                     f"fail_at(u0, 1);",
                                     f"if (u0) sound::fail(1);", "throw 5;"])
        weights = dict(self.weights)
        return ["try {", self.block(depth, loops, 1, 3, weights) + [[middle]] + self.block(depth, loops, 1, 3, weights),
                "} catch (int) {", self.block(depth, loops, 0, 2, weights), "}"]

    def make_setjmp(self, depth, _loops):
        leave = self.random.choice(["longjmp(jump, 1);", "if (u1) longjmp(jump, 1);", "jump_if(u1);", "jump_if(u0);"])
        weights = {"access": 6, "if": 1, "release": 2}
        # What is read between setjmp and longjmp must not go to s, which would be lost.
        return ["if (setjmp(jump) == 0) { unsigned long s = 0;",
                self.block(depth, [], 1, 3, weights) + [[leave]] + self.block(depth, [], 1, 3, weights),
                "keep(s); } else { unsigned long s = 0;", self.block(depth, [], 0, 2, weights), "keep(s); }"]

    # Calls

    def make_helper(self, depth, loops):
        draw = self.random
        choice = draw.random()
        if choice < 0.25:
            return [draw.choice(["sound::opaque();", "sound::yield();", "sound::own_mutex();", "s += compute(n3);",
                                 "indirect(3);", "s += sound::identity(4);"])]
        if choice < 0.45:
            name, kind, count = draw.choice(self.arrays)
            return [draw.choice([f"s += peek(&{name}[{self.index(count, loops)}]);",
                                 f"poke(&{name}[{self.index(count, loops)}], {self.value()});"])]
        number = len(self.helpers)
        self.helpers.append(None)
        statements = self.in_function(lambda: self.block(depth, [], 1, 3))
        inline = draw.choice(["__attribute__((noinline)) ", "", "__attribute__((noinline)) "])
        self.helpers[number] = [f"{inline}static unsigned long helper{number}() {{ FRAME", statements, "return s; }"]
        call = f"s += helper{number}();"
        if draw.random() < 0.2:
            call = f"{{ unsigned long (*volatile f)() = helper{number}; s += f(); }}"
        return [call]

    def in_function(self, make):
        """Statements of another function: locals of the body have no name there."""
        known, self.arrays, was, self.in_helper = self.arrays, self.known_arrays(), self.in_helper, True
        made = make()
        self.arrays, self.in_helper = known, was
        return made

    def make_recursion(self, depth, _loops):
        number = len(self.helpers)
        self.helpers.append(None)
        before, bottom, after = self.in_function(lambda: [self.block(depth + 1, [], 1, 2) for _ in range(3)])
        self.helpers[number] = [f"__attribute__((noinline)) static unsigned long helper{number}(int depth) {{ FRAME",
                                before,
                                "if (depth == 0) {", bottom, f"}} else {{ s += helper{number}(depth - 1);", [], "}",
                                after,
                                "return s; }"]
        return [f"s += helper{number}(n3);"]

    def make_virtual(self, depth, loops):
        k = self.slot("releases")
        return [f"RELEASED({k}); object->release({k});"] if self.random.random() < 0.5 else ["object->nothing();"]

    def make_closure(self, depth, loops):
        self.locals += 1
        v = f"f{self.locals}"
        inner = self.block(depth + 1, [], 1, 3, {"access": 4, "field": 1})
        call = self.random.choice([f"{v}();", f"sound::call(run_closure<decltype({v})>, &{v});"])
        return ["{ " + f"auto {v} = [&] {{", inner, "}; ", [[call]], "}"]

    # Memory that nobody else knows at first

    def name_object(self):
        """None: the scenario has enough of them."""
        self.locals += 1
        used = getattr(self, "local_count", 0)
        if used >= 3:
            return None
        self.local_count = used + 1
        return f"x{self.locals}"

    def make_local(self, _depth, loops):
        v = self.name_object()
        if v is None:
            return self.make_access(_depth, loops)
        kind, count = self.random.choice([("int", 2), ("char", 4), ("short", 3), ("long", 1)])
        self.exposed = getattr(self, "exposed", 0) + 1
        show = self.random.choice([f"sound::expose({v}, sizeof {v});",
                                   f"leak = (void*)&{v}[0]; sound::expose({v}, sizeof {v});",
                                   f"expose_deep({v}, sizeof {v});", f"spread(&{v}[{count - 1}], {v}, sizeof {v});"])
        self.arrays.append((v, kind, count))
        before = [[f"W({v}[{self.random.randrange(count)}], {self.value()});"]
                  for _ in range(self.random.randint(0, 2))]
        return [f"{kind} {v}[{count}] = {{}}; LOG(log_write({v}, sizeof {v}));"] + [before] + [show]

    def make_heap(self, _depth, loops):
        v = self.name_object()
        if v is None:
            return self.make_access(_depth, loops)
        kind, count = self.random.choice([("int", 2), ("char", 4), ("long", 1)])
        new = self.random.choice([f"new {kind}[{count}]", f"({kind}*)__builtin_malloc({count} * sizeof({kind}))",
                                  f"({kind}*)sound::allocate({count} * sizeof({kind}))"])
        show = self.random.choice([f"sound::expose({v}, {count} * sizeof({kind}));",
                                   f"leak = {v}; sound::expose({v}, {count} * sizeof({kind}));",
                                   f"expose_deep({v}, {count} * sizeof({kind}));"])
        self.arrays.append((v, kind, count))
        before = [[f"W({v}[{self.random.randrange(count)}], {self.value()});"]
                  for _ in range(self.random.randint(0, 2))]
        publish = []
        if self.random.random() < 0.3:
            publish = [self.make_release(0, [])]
        return [f"{kind}* {v} = {new};", before + publish, show]

    def make_chase(self, _depth, _loops):
        if "n" not in self.names:
            return [f"W(g, {self.value()});"]
        return [self.random.choice([
            "for (Node* at = &n[0]; at != nullptr; at = R(at->next)) s += R(at->v);",
            f"for (Node* at = &n[0]; at != nullptr; at = R(at->next)) W(at->w, {self.value()});",
            f"W(R(n[0].next)->v, {self.value()});", f"U(R(R(n[0].next)->next)->w, +=, 1);", "W(n[1].next, &n[2]);",
            f"s += R(n[{self.random.randrange(3)}].v);",
            "for (Node* at = &n[0]; at != nullptr; at = R(at->next)) { if (at == &n[1]) break; W(at->v, 1); }"])]

    def make_pause(self, _depth, _loops):
        return ["sound::pause();"]

    # -- printing

    def print(self):
        lines = [f"namespace {self.name} {{"]
        for name, kind, count in self.variables:
            lines.append(f"{kind} {name}{f'[{count}]' if count else ''};")
        for name, kind, count in self.thread_locals:
            lines.append(f"thread_local {kind} {name}[{count}];")
        lines.append("void prepare() {")
        lines += [f"  memset({name}, 0, sizeof {name});" for name, _, _ in self.thread_locals]
        if "n" in self.names:
            lines.append("  n[0].next = &n[1]; n[1].next = &n[2]; n[2].next = nullptr;")
        lines.append("}")
        for helper in self.helpers:
            if helper:
                lines += render(helper, 0)
        lines.append("__attribute__((noinline)) void body() { FRAME")
        for statement in self.body:
            lines += render(statement, 1)
        if self.has_local:
            lines.append("  sound::linger();")
        lines += ["  keep(s);", "}"]
        targets = ", ".join(f"{{&{name}, sizeof {name}}}" for name, _, _ in self.variables)
        lines += [f"const sound::Target targets[] = {{{targets}}};", "}"]
        return lines

    def row(self):
        n = self.name
        return (f'{{"{n}", {n}::prepare, {n}::body, {n}::targets, {len(self.variables)}, '
                f'{self.releases}, {self.acquires}, '
                f'{str(self.profile == "paused").lower()}, {str(self.profile == "last").lower()}}}')


def probes(kind, count):
    size = SIZES[kind] * (count or 1)
    return size if size <= 48 else size // 2


def render(statement, depth):
    lines = []
    for piece in statement:
        if isinstance(piece, str):
            lines.append("  " * depth + piece)
        else:
            for inner in piece:
                lines += render(inner, depth + 1)
    return lines


PRELUDE = """#include "accesses.h"
#define FRAME \\
  [[maybe_unused]] const int u0 = numbers[0], u1 = numbers[1], n3 = numbers[3], n4 = numbers[4], n6 = numbers[6], \\
      n8 = numbers[8], n12 = numbers[12]; \\
  [[maybe_unused]] unsigned long s = 0;
namespace {
volatile int numbers[13] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
void* leak;
jmp_buf jump;
__attribute__((noinline)) void release_slot(int k) { __atomic_store_n(&OUT(k), 1, __ATOMIC_RELEASE); }
__attribute__((noinline)) void release_deep(int k) { if (k < 99) release_slot(k); }
__attribute__((noinline)) void release_deeper(int k) { if (k < 99) release_deep(k); }
__attribute__((noinline)) void release_deepest(int k) { if (k < 99) release_deeper(k); }
void release_called(void* k) { release_slot((int)(long)k); }
__attribute__((noinline)) int acquire_slot(int k) { return __atomic_load_n(&IN(k), __ATOMIC_ACQUIRE); }
__attribute__((noinline)) void acquire_deep(int k) { if (k < 99) acquire_slot(k); }
__attribute__((noinline)) void acquire_deeper(int k) { if (k < 99) acquire_deep(k); }
__attribute__((noinline)) void acquire_deepest(int k) { if (k < 99) acquire_deeper(k); }
void acquire_called(void* k) { acquire_slot((int)(long)k); }
void (*volatile release_pointer)(int) = release_deep;
void (*volatile acquire_pointer)(int) = acquire_deep;
__attribute__((noinline)) int compute(int x) {
  int sum = 0;
  for (int i = 0; i < x; ++i) sum += i * sum + 1;
  return sum;
}
int (*volatile indirect)(int) = compute;
__attribute__((noinline)) void fail_at(bool now, int number) { if (now) sound::fail(number); }
__attribute__((noinline)) void end_if(bool now) { if (now) sound::end_process(); }
__attribute__((noinline)) void jump_if(bool now) { if (now) longjmp(jump, 1); }
__attribute__((noinline)) void expose_deep(const void* p, size_t size) { sound::expose(p, size); }
__attribute__((noinline)) void spread(const void* inner, const void* p, size_t size) {
  keep((unsigned long)inner);
  sound::expose(p, size);
}
template <class T> __attribute__((noinline)) T peek(T* p) { LOG(log_read(p, sizeof *p)); return *p; }
template <class T> __attribute__((noinline)) void poke(T* p, int v) { LOG(log_write(p, sizeof *p)); *p = (T)v; }
template <class F> void run_closure(void* f) { (*static_cast<F*>(f))(); }
struct Base { virtual void release(int k) = 0; virtual void nothing() = 0; };
struct First : Base { void release(int k) override { release_slot(k); } void nothing() override {} };
struct Second : Base { void release(int) override {} void nothing() override { sound::opaque(); } };
First first; Second second;
Base* object_of(int n) { return n == 4 ? (Base*)&first : (Base*)&second; }
Base* volatile object_place = object_of(4);
#define object object_place
}
"""


def file_of(scenarios):
    lines = ["#define WITH_FIBERS"] if any(one.profile == "fibers" for one in scenarios) else []
    lines += [PRELUDE]
    for scenario in scenarios:
        lines += scenario.print()
    lines += ["static const sound::Scenario scenarios[] = {"]
    lines += ["  " + scenario.row() + "," for scenario in scenarios]
    lines += ["};", f"sound::Table sound_table() {{ return {{scenarios, {len(scenarios)}, kIsReference}}; }}"]
    return "\n".join(lines) + "\n"


def scenarios_of(seed, count):
    """Every profile in turn."""
    profiles = [ORDER[(seed + i) % len(ORDER)] for i in range(count)]
    if seed % WITH_FIBERS == 0:
        profiles[-3:] = ["fibers"] * 3
    return [Scenario(seed * 1000 + i, f"s{i}", profile) for i, profile in enumerate(profiles)]


if __name__ == "__main__":
    print(file_of(scenarios_of(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 15)), end="")
