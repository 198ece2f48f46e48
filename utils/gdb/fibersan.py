"""fibersan.py: fibers in gdb, in a live process and in a core file.

    (gdb) source utils/gdb/fibersan.py
    (gdb) fibers                 id, state or wait reason, name, function of every fiber
    (gdb) fibers 20              the first 20
    (gdb) fiber 7 bt             backtrace of fiber 7
    (gdb) fiber 7 frame 3        any command, with fiber 7's frames behind frame 0
    (gdb) fiber 7                the following commands see fiber 7, until `fiber off`

How:  the stack pool lists every stack there is, at the top of each is the fiber's record
      (runtime/fiber.h). A fiber that does not run has its registers in its saved context; an
      unwinder presents them as the caller of the current thread's frame 0, so nothing is
      written and a core file is as good as a process. A fiber that runs is its thread.
Needs: libfiber with debug information (the default build has it); x86-64. A core file must come
      from the kernel: gcore leaves out stacks that are guarded by MADV_GUARD_INSTALL.
"""
import re

import gdb
import gdb.unwinder

MOST_LISTED = 1000
# runtime/fiber.cpp: where the record is in its stack.
RECORD_ALIGNMENT = 64
COLOURS = 16
COLOUR_STEP = 128
SMALLEST_STACK = 16384
# Boost.Context's layout, counted from the first of these; a build with stack protection keeps one
# more word in front of them.
SAVED = ("r12", "r13", "r14", "r15", "rbx", "rbp", "rip")
SAVED_OFFSETS = (8, 16)
WORD = 8


def symbol(name):
    # In a thread that sleeps in the kernel the language is assembler, which knows no such names.
    language = gdb.parameter("language")
    gdb.execute("set language c++", to_string=True)
    try:
        return gdb.parse_and_eval(f"'{name}'")
    except gdb.error as error:
        raise gdb.GdbError(f"no {name}: is this a fiber program, with debug information of "
                           f"libfiber? ({error})") from error
    finally:
        gdb.execute(f"set language {language}", to_string=True)


def atomic(value):
    """The value of a std::atomic."""
    while value.type.strip_typedefs().code == gdb.TYPE_CODE_STRUCT:
        for field in ("_M_b", "_M_p", "_M_i"):
            try:
                value = value[field]
                break
            except gdb.error:
                continue
        else:
            raise gdb.GdbError(f"{value.type} is no std::atomic of this C++ library")
    return value


def read_word(address):
    memory = gdb.selected_inferior().read_memory(address, WORD)
    return int.from_bytes(bytes(memory), "little")


def function_at(address):
    """The demangled name of the function that contains the address, or ''."""
    text = gdb.execute(f"info symbol {address}", to_string=True)
    if text.startswith("No symbol"):
        return ""
    return re.sub(r" in section .*", "", text.strip())


def is_runtime(function):
    return function.startswith("fiber::") and not function.startswith("fiber::run<")


class Fiber:
    """One record, read where it lies."""

    def __init__(self, record):
        self.record = record
        self.id = int(record["id"])
        self.state = str(atomic(record["state"]["word_"])).rpartition("::k")[2].lower()

    @property
    def live(self):
        return self.state not in ("idle", "stopped")

    @property
    def running(self):
        return self.state in ("running", "parking", "woken", "incall")

    @property
    def doing(self):
        if self.running and self.state != "incall":
            return "running"
        if self.state not in ("parked", "incall"):
            return self.state
        words = str(self.record["reason"]).rpartition("FSAN_WAIT_")[2].lower().replace("_", " ")
        return words.replace("io wait", "IO wait")

    @property
    def name(self):
        pointer = self.record["name"]
        return pointer.string(errors="replace") if int(pointer) else ""

    def return_addresses(self):
        """By frame pointers, from where it left its stack."""
        frame, low = int(self.record["parked_frame"]), 0
        try:
            while frame > low and frame % WORD == 0:
                address = read_word(frame + WORD)
                if address == 0:
                    return
                yield address
                frame, low = read_word(frame), frame
        except gdb.MemoryError:
            return

    @property
    def function(self):
        """Who called into the runtime; of a fiber that has not started, what it will call."""
        if self.running:
            return ""
        for address in self.return_addresses():
            name = function_at(address - 1)
            if name and not is_runtime(re.sub(r"\+\d+$", "", name)):
                return re.sub(r" \+ \d+$", "", name)
        return re.sub(r" \+ \d+$", "", function_at(int(self.record["run"])))

    def registers(self):
        context = int(self.record["context"])
        for offset in SAVED_OFFSETS:
            at = context + offset
            values = {name: read_word(at + i * WORD) for i, name in enumerate(SAVED)}
            if function_at(values["rip"]):
                values["rsp"] = at + len(SAVED) * WORD
                return values
        raise gdb.GdbError(f"fiber {self.id}: its saved context at {context:#x} is not understood")


def stacks():
    """Every stack that was ever taken, as its `Stack`."""
    pool = symbol("fiber::internal::stack_pool()::pool")
    classes = pool["classes_"]
    low, high = classes.type.range()
    for i in range(low, high + 1):
        slab = atomic(classes[i]["slabs"])
        while int(slab):
            for j in range(int(atomic(slab["carved"]))):
                yield slab["table"] + j
            slab = slab["next"]


def fibers():
    record_type = gdb.lookup_type("fiber::internal::Fiber")
    for stack in stacks():
        high = int(stack["low"]) + (SMALLEST_STACK << int(stack["size_class"]))
        top = high - int(stack["colour"]) % COLOURS * COLOUR_STEP - record_type.sizeof
        address = top - top % RECORD_ALIGNMENT
        try:
            fiber = Fiber(gdb.Value(address).cast(record_type.pointer()).dereference())
            if fiber.live:
                yield fiber
        except gdb.MemoryError:
            continue  # pages that went back are not in a core file


def find_fiber(number):
    for fiber in fibers():
        if fiber.id == number:
            return fiber
    raise gdb.GdbError(f"no live fiber {number}; `fibers` lists them")


def thread_of(fiber):
    """The gdb thread that runs the fiber."""
    threads = symbol("fiber::internal::worker_threads")
    for i in range(int(atomic(threads["highest_"]))):
        worker = atomic(threads["workers_"][i])
        if int(worker) and int(atomic(worker["current_"])) == int(fiber.record.address):
            number = int(atomic(worker["thread_id_"]))
            for thread in gdb.selected_inferior().threads():
                if thread.ptid[1] == number:
                    return thread
    raise gdb.GdbError(f"fiber {fiber.id} is between two threads")


class FrameId:
    def __init__(self, sp, pc):
        self.sp = sp
        self.pc = pc


class SavedContext(gdb.unwinder.Unwinder):
    """While a fiber is chosen: the caller of frame 0 is what the fiber's context says."""

    def __init__(self):
        super().__init__("fibersan")
        self.values = None

    def choose(self, values):
        self.values = values
        gdb.invalidate_cached_frames()

    def __call__(self, pending):
        if self.values is None or pending.level() != 0:
            return None
        # An id in front of the fiber's frames: gdb wants callers further up the stack.
        info = pending.create_unwind_info(
            FrameId(gdb.Value(self.values["rsp"] - 2 * WORD), pending.read_register("pc")))
        number = gdb.lookup_type("long")
        for name, value in self.values.items():
            signed = value - (1 << 64) if value >> 63 else value
            info.add_saved_register(name, gdb.Value(signed).cast(number))
        return info


class FibersCommand(gdb.Command):
    """fibers [COUNT]: every live fiber: id, state or wait reason, name, function."""

    def __init__(self):
        super().__init__("fibers", gdb.COMMAND_STACK)

    def invoke(self, argument, from_tty):
        most = int(argument) if argument else MOST_LISTED
        listed = []
        for fiber in fibers():
            if len(listed) == most:
                print(f"only the first {most} that were found; `fibers COUNT` for more")
                break
            listed.append(fiber)
        for fiber in sorted(listed, key=lambda f: f.id):
            name = f" '{fiber.name}'" if fiber.name else ""
            print(f"{fiber.id:6} [{fiber.doing}]{name} {fiber.function}".rstrip())
        if not listed:
            print("no live fibers")


class FiberCommand(gdb.Command):
    """fiber ID [COMMAND]: the command, or all that follow, with the fiber's stack; fiber off."""

    def __init__(self, unwinder):
        super().__init__("fiber", gdb.COMMAND_STACK)
        self.unwinder = unwinder

    def invoke(self, argument, from_tty):
        number, _, command = argument.strip().partition(" ")
        if number == "off":
            self.unwinder.choose(None)
            return
        if not number.isdigit():
            raise gdb.GdbError("fiber ID [COMMAND], or fiber off")
        fiber = find_fiber(int(number))
        if fiber.running:
            self.on_thread(thread_of(fiber), command)
        elif command:
            self.on_context(fiber, command)
        else:
            self.unwinder.choose(fiber.registers())
            gdb.execute("frame 1")

    @staticmethod
    def on_thread(thread, command):
        before = gdb.selected_thread()
        thread.switch()
        if command:
            gdb.execute(command)
            before.switch()
        else:
            gdb.execute("frame")

    def on_context(self, fiber, command):
        self.unwinder.choose(fiber.registers())
        try:
            text = gdb.execute(command, to_string=True)
        finally:
            self.unwinder.choose(None)
        if command.split()[0] in ("bt", "backtrace", "where"):
            # Frame 0 is the thread's.
            lines = text.splitlines()
            first = next((i for i, line in enumerate(lines) if line.startswith("#1 ")), len(lines))
            text = "\n".join(lines[first:]) + "\n"
        print(text, end="")


def install():
    unwinder = SavedContext()
    gdb.unwinder.register_unwinder(None, unwinder, replace=True)
    FibersCommand()
    FiberCommand(unwinder)


install()
