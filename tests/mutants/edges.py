"""Every happens-before edge that the product gives, as one patch that drops it, and edges that it must
not give, as one patch that adds them.

Each row: what the mutant does; the file; marks that lead to the place, one behind the other; the text
there; what stands there instead; the tests that must notice.
"""
from collections import namedtuple

# `also`: other files that include the mutated one. `survives`: why nobody can notice.
Edge = namedtuple("Edge", "name file marks old new tests also survives", defaults=((), None))
Unit = namedtuple("Unit", "target cases", defaults=("*",))
Program = namedtuple("Program", "source options definitions arguments", defaults=("", (), ()))

SYNC, TIME, CONTEXT = Unit("unit_sync_edges"), Unit("unit_time_edges"), Unit("unit_context_edges")
RACE = Unit("unit_race")
NO_RACE = "tests/programs/no_race/"
OBJECTS = (Program(NO_RACE + "sync_objects.cpp", "procs=1"),)
HANDLES = (Program(NO_RACE + "handles.cpp", "procs=1"),)
NET = (Program(NO_RACE + "net/edges.cpp", "procs=1"),)
TIMERS = (TIME, Program(NO_RACE + "time/timers.cpp", "procs=1"))
CHANNELS = (SYNC, Program(NO_RACE + "channels.cpp", "procs=1"))

CORE, SLOTS = "runtime/channel/core.cpp", "runtime/channel/slot_syncs.h"

CHANNEL = [
    Edge("buffered channel: no release into the slot", SLOTS, ["void swap(size_t"], "__fsan_release(spare_);", ";",
         CHANNELS, (CORE,)),
    Edge("buffered channel: no acquire of the slot", SLOTS, ["void swap(size_t"], "__fsan_acquire(slots_[slot]);", ";",
         CHANNELS, (CORE,)),
    Edge("buffered channel: all slots are one Sync", SLOTS, ["void swap(size_t"],
         "__fsan_acquire(slots_[slot]);", "__fsan_acquire(slots_[slot]); slot = 0; __fsan_acquire(slots_[0]);",
         CHANNELS, (CORE,)),
    Edge("unbuffered: a send does not acquire from its parked receiver", CORE, ["::send_to_parked("],
         "hooks::acquire(receiver.sync);", ";", CHANNELS),
    Edge("unbuffered: a send does not release to its parked receiver", CORE, ["::send_to_parked("],
         "hooks::release(receiver.sync);", ";", CHANNELS),
    Edge("buffered: a send to a parked receiver does not use the slot", CORE, ["::send_to_parked("],
         "syncs_.swap(tail_);", ";", CHANNELS),
    Edge("unbuffered: a receive does not acquire from its parked sender", CORE, ["::receive_from_parked("],
         "hooks::acquire(sender.sync);", ";", CHANNELS),
    Edge("unbuffered: a receive does not release to its parked sender", CORE, ["::receive_from_parked("],
         "hooks::release(sender.sync);", ";", CHANNELS),
    Edge("who parks on a channel releases nothing", CORE, ["::enqueue("], "hooks::release(waiter.sync);", ";", CHANNELS),
    Edge("who was woken on a channel does not acquire", CORE, ["::acquire_partner("], "hooks::acquire(waiter.sync);", ";",
         CHANNELS),
    Edge("a receive from the buffer does not use the slot", CORE, ["::take("], "syncs_.swap(head_);", ";", CHANNELS),
    Edge("a send to the buffer does not use the slot", CORE, ["::try_send(", "move(slot(tail_), value);"],
         "syncs_.swap(tail_);", ";", CHANNELS),
    Edge("close releases nothing", CORE, ["bool ChannelCore::close("], "hooks::release(&closed_);", ";", CHANNELS),
    Edge("a receive that finds the channel closed does not acquire", CORE, ["::try_receive("],
         "hooks::acquire(&closed_);", ";", CHANNELS),
    Edge("a receive that a close ends does not acquire", CORE, ["::acquire_partner("], "hooks::acquire(&closed_);", ";",
         CHANNELS),
    Edge("values left in a channel are destroyed without their sends", CORE, ["ChannelCore::~ChannelCore"],
         "hooks::acquire(syncs_.at(i));", ";", CHANNELS),
    Edge("a tick in a timer's channel brings nothing to its receiver", CORE, ["::receive_from_parked("],
         "hooks::acquire(sender.armed);", ";", TIMERS),
    Edge("a parked receiver learns nothing of the tick", CORE, ["::acquire_partner("],
         "waiter.armed->acquire_and_drop();", ";", TIMERS),
    Edge("a send is no read of what close writes", CORE, ["::try_send(", "Attempt::kBlocks"],
         "hooks::object_read(race_point());", ";", CHANNELS),
    Edge("close is no write of what sends read", CORE, ["bool ChannelCore::close("],
         "__fsan_object_written(race_point(), 1);", ";", CHANNELS),
    Edge("a send acquires what close released", CORE, ["::try_send("], "if (is_closed()) {",
         "if (hooks::acquire(&closed_), is_closed()) {", CHANNELS),
]

LOCKS = [
    Edge("Mutex.lock orders nothing", "runtime/sync/mutex.cpp", ["::lock_in_library("],
         "hooks::lock_acquired(this, FSAN_LOCK_WRITE);", ";", (SYNC, *OBJECTS)),
    Edge("Mutex.try_lock orders nothing", "runtime/sync/mutex.cpp", ["::try_lock("],
         "hooks::lock_acquired(this, FSAN_LOCK_TRY_WRITE);", ";", (SYNC, *OBJECTS)),
    Edge("Mutex.try_lock_for orders nothing", "runtime/sync/mutex.cpp", ["::lock_before("],
         "hooks::lock_acquired(this, FSAN_LOCK_TRY_WRITE);", ";", (SYNC, *OBJECTS)),
    Edge("Mutex.unlock orders nothing", "runtime/sync/mutex.cpp", ["::unlock_in_library("],
         "__fsan_lock_released(this, FSAN_LOCK_WRITE);", ";", (SYNC, *OBJECTS)),
    Edge("RwMutex.lock orders nothing", "runtime/sync/rw_mutex.cpp", ["writer_.store(self, std"],
         "hooks::lock_acquired(this, FSAN_LOCK_WRITE);", ";", (SYNC, *OBJECTS)),
    Edge("RwMutex.try_lock orders nothing", "runtime/sync/rw_mutex.cpp", ["bool RwMutex::try_lock("],
         "hooks::lock_acquired(this, FSAN_LOCK_TRY_WRITE);", ";", (SYNC, *OBJECTS)),
    Edge("RwMutex.try_lock_for orders nothing", "runtime/sync/rw_mutex.cpp", ["bool RwMutex::lock_before("],
         "hooks::lock_acquired(this, FSAN_LOCK_TRY_WRITE);", ";", (SYNC, *OBJECTS)),
    Edge("RwMutex.unlock orders nothing", "runtime/sync/rw_mutex.cpp", ["void RwMutex::unlock("],
         "hooks::lock_released(this, FSAN_LOCK_WRITE);", ";", (SYNC, *OBJECTS)),
    Edge("RwMutex.lock_shared orders nothing", "runtime/sync/rw_mutex.cpp", ["void RwMutex::lock_shared("],
         "hooks::lock_acquired(this, FSAN_LOCK_READ);", ";", (SYNC, *OBJECTS)),
    Edge("RwMutex.try_lock_shared orders nothing", "runtime/sync/rw_mutex.cpp", ["bool RwMutex::try_lock_shared("],
         "hooks::lock_acquired(this, FSAN_LOCK_TRY_READ);", ";", (SYNC, *OBJECTS)),
    Edge("RwMutex.try_lock_shared_for orders nothing", "runtime/sync/rw_mutex.cpp", ["::lock_shared_before("],
         "hooks::lock_acquired(this, FSAN_LOCK_TRY_READ);", ";", (SYNC, *OBJECTS)),
    Edge("RwMutex.unlock_shared orders nothing", "runtime/sync/rw_mutex.cpp", ["void RwMutex::unlock_shared("],
         "hooks::lock_released(this, FSAN_LOCK_READ);", ";", (SYNC, *OBJECTS)),
    Edge("readers of an RwMutex order each other", "runtime/sync/rw_mutex.cpp", ["void RwMutex::unlock_shared("],
         "hooks::lock_released(this, FSAN_LOCK_READ);", "hooks::lock_released(this, FSAN_LOCK_WRITE);", (SYNC,)),
    Edge("WaitGroup.done orders nothing", "runtime/sync/wait_group.cpp", ["::add("], "hooks::merge(this);", ";",
         (SYNC, *OBJECTS)),
    Edge("WaitGroup.wait orders nothing", "runtime/sync/wait_group.cpp", ["::wait("], "hooks::acquire(this);", ";",
         (SYNC, *OBJECTS)),
    Edge("the last done() of a WaitGroup replaces the others", "runtime/sync/wait_group.cpp", ["::add("],
         "hooks::merge(this);", "hooks::release(this);", (SYNC, *OBJECTS)),
    Edge("WaitGroup.done orders the others' done()", "runtime/sync/wait_group.cpp", ["::add("],
         "hooks::merge(this);", "hooks::acquire(this), hooks::merge(this);", (SYNC,)),
    Edge("WaitGroup.add is no read of what wait writes", "runtime/sync/wait_group.cpp", ["::add("],
         "hooks::object_read(this);", ";", (SYNC,)),
    Edge("WaitGroup.wait is no write of what add reads", "runtime/sync/wait_group.cpp", ["::wait("],
         "__fsan_object_awaited(this, 1);", ";", (SYNC,)),
    Edge("Once: whoever comes later does not acquire", "runtime/sync/once.cpp", ["if (done()) {"],
         "hooks::acquire(this);", ";", (SYNC, *OBJECTS)),
    Edge("Once: whoever waited does not acquire", "runtime/sync/once.cpp", ["block_on("], "hooks::acquire(this);", ";",
         (SYNC, *OBJECTS)),
    Edge("Once: the first call releases nothing", "runtime/sync/once.cpp", ["::end("], "hooks::release(this);", ";",
         (SYNC, *OBJECTS)),
    Edge("ConditionVariable: a notify releases nothing", "runtime/sync/condition_variable.cpp", ["void notify("],
         "__fsan_release(&order);", ";", (SYNC, *OBJECTS)),
    Edge("ConditionVariable: a notified wait does not acquire", "runtime/sync/condition_variable.cpp", ["if (notified)"],
         "__fsan_acquire(&waiter.order);", ";", (SYNC, *OBJECTS)),
    Edge("Semaphore: an acquire at once orders nothing", "runtime/sync/semaphore.cpp", ["compare_exchange_weak"],
         "hooks::acquire(this);", ";", (SYNC, *OBJECTS)),
    Edge("Semaphore: an acquire that waited orders nothing", "runtime/sync/semaphore.cpp", ["return false;\n    }\n  }"],
         "hooks::acquire(this);", ";", (SYNC, *OBJECTS)),
    Edge("Semaphore.release orders nothing", "runtime/sync/semaphore.cpp", ["::release("], "hooks::merge(this);", ";",
         (SYNC, *OBJECTS)),
    Edge("Semaphore: the last release replaces the others", "runtime/sync/semaphore.cpp", ["::release("],
         "hooks::merge(this);", "hooks::release(this);", (SYNC, *OBJECTS)),
    Edge("Barrier: arriving orders nothing", "runtime/sync/barrier.cpp", ["round_ % 2"], "__fsan_merge(order);", ";",
         (SYNC, *OBJECTS)),
    Edge("Barrier: leaving orders nothing", "runtime/sync/barrier.cpp", [], "if (wait) __fsan_acquire(order);", ";",
         (SYNC, *OBJECTS)),
    Edge("Barrier: two rounds are one Sync", "runtime/sync/barrier.cpp", [], "+ round_ % 2;", ";", (SYNC,)),
    Edge("Latch.count_down orders nothing", "runtime/sync/barrier.cpp", ["Latch::count_down("], "__fsan_merge(this);", ";",
         (SYNC, *OBJECTS)),
    Edge("Latch.try_wait orders nothing", "runtime/sync/barrier.cpp", ["Latch::try_wait("], "__fsan_acquire(this);", ";",
         (SYNC, *OBJECTS)),
    Edge("Latch.wait orders nothing", "runtime/sync/barrier.cpp", ["block_on(state"], "__fsan_acquire(this);", ";",
         (SYNC, *OBJECTS)),
    Edge("the last count_down() of a Latch replaces the others", "runtime/sync/barrier.cpp", ["Latch::count_down("],
         "__fsan_merge(this);", "__fsan_release(this);", (SYNC, *OBJECTS)),
]

FIBERS = [
    Edge("join: the fiber's end releases nothing", "runtime/join.cpp", ["void complete_join("], "__fsan_release(state);",
         ";", (*HANDLES, *OBJECTS)),
    Edge("join acquires nothing", "runtime/join.cpp", ["std::memory_order_acquire) == JoinState::kDone"],
         "__fsan_acquire(state);", ";", (*HANDLES, *OBJECTS)),
    Edge("a result that nobody joins is destroyed without its fiber", "runtime/join.cpp", ["std::rethrow_exception"],
         "if (state->has_result) __fsan_acquire(state);", ";", (SYNC,)),
    Edge("happens_before() releases nothing", "runtime/observe/annotations.cpp", [],
         "__fsan_merge(const_cast<const void*>(p));", "static_cast<void>(p);",
         (Program("tests/programs/race/annotated_order.cpp", "procs=1", ("-DFIXED",)),)),
    Edge("happens_after() acquires nothing", "runtime/observe/annotations.cpp", [],
         "__fsan_acquire(const_cast<const void*>(p));", "static_cast<void>(p);",
         (Program("tests/programs/race/annotated_order.cpp", "procs=1", ("-DFIXED",)),)),
]

TIME_EDGES = [
    Edge("arming a timer releases nothing", "runtime/time/armed_sync.cpp", ["::arm("], "__fsan_release(sync);", ";", TIMERS),
    Edge("a timer's call acquires nothing", "runtime/time/armed_sync.cpp", ["::acquire_and_drop("], "__fsan_acquire(this);",
         ";", TIMERS),
    Edge("a timer's call does not come after its arming", "runtime/time/callback.cpp", ["Callback::run("],
         "call.armed->acquire_and_drop();", ";", TIMERS),
    Edge("a timer's calls are not before its callable's end", "runtime/time/callback.cpp", ["~End("],
         "__fsan_merge(call.callback);", ";", TIMERS),
    Edge("a timer's callable is destroyed without an acquire", "runtime/time/callback.cpp", ["Callback::destroy("],
         "__fsan_acquire(callback);", ";", TIMERS),
    Edge("a timer's calls order each other", "runtime/time/callback.cpp", ["Callback::run("],
         "call.armed->acquire_and_drop();", "call.armed->acquire_and_drop(); __fsan_acquire(call.callback);", TIMERS),
    Edge("Context: an end releases nothing", "runtime/cancel/node.cpp", ["::set_error("], "__fsan_release(&error_);", ";",
         (CONTEXT,)),
    Edge("Context.error acquires nothing", "runtime/cancel/node.cpp", ["::error() const"], "__fsan_acquire(&error_);", ";",
         (CONTEXT,)),
    Edge("Context: a child of an ended one acquires nothing", "runtime/cancel/node.cpp", ["ancestor_->cancelled()"],
         "__fsan_acquire(&ancestor_->error_);", ";", (CONTEXT, Program(NO_RACE + "time/context.cpp", "procs=1"))),
    Edge("Context: done() of an ended one acquires nothing", "runtime/cancel/node.cpp", ["done = made;"],
         "__fsan_acquire(&error_);", ";", (CONTEXT, Program(NO_RACE + "time/context.cpp", "procs=1"))),
    Edge("Context: a reader's reference releases nothing", "runtime/cancel/node.cpp", ["::drop_reference("],
         "__fsan_merge(node);", ";", (CONTEXT,)),
    Edge("Context: the last owner acquires nothing", "runtime/cancel/node.cpp", ["::drop_reference("],
         "__fsan_acquire(node);", ";", (CONTEXT,)),
]

NET_EDGES = [
    Edge("a stream's write releases nothing", "runtime/net/stream.cpp", ["Stream::write("],
         "internal::bytes_sent(descriptor_->sends);", ";", NET),
    Edge("a stream's writev releases nothing", "runtime/net/stream.cpp", ["Stream::writev("],
         "internal::bytes_sent(descriptor_->sends);", ";", NET),
    Edge("a stream's read acquires nothing", "runtime/net/stream.cpp", [],
         "internal::bytes_received(descriptor.receives);", ";", NET),
    Edge("close_write releases nothing", "runtime/net/stream.cpp", ["how == SHUT_WR"],
         "internal::bytes_sent(descriptor->sends);", ";", NET),
    Edge("close_read releases nothing to its own readers", "runtime/net/stream.cpp", ["how == SHUT_RD"],
         "internal::bytes_sent(descriptor->receives);", ";", NET),
    Edge("send_file releases nothing", "runtime/net/stream.cpp", ["Stream::send"],
         "internal::bytes_sent(descriptor_->sends);", ";", NET),
    Edge("a close releases nothing to the operations that fail by it", "runtime/net/descriptor.cpp",
         ["Descriptor::close("], "will_end_others();", ";", NET),
    Edge("a close is no end that the other side reads", "runtime/net/descriptor.cpp", ["Descriptor::close("],
         "bytes_sent(sends);", ";", NET),
    Edge("a deadline releases nothing to the operations that fail by it", "runtime/net/socket.cpp", [],
         "open.will_end_others();", ";", NET),
    Edge("dial releases nothing", "runtime/net/edges.cpp", ["void dial_begins("],
         "merge_at(mixed(kDial, key_of_listener(address)));", "static_cast<void>(address);", NET),
    Edge("accept acquires nothing", "runtime/net/edges.cpp", ["void accepted("],
         "acquire_at(mixed(kDial, key_of_listener(name_of(descriptor.fd, getsockname))));", ";", NET),
    Edge("listen releases nothing", "runtime/net/edges.cpp", ["void listen_begins("],
         "merge_at(mixed(kListen, key_of_listener(address)));", "static_cast<void>(address);", NET),
    Edge("dial acquires nothing of listen", "runtime/net/edges.cpp", ["void dial_ended("],
         "acquire_at(mixed(kListen, key_of_listener(address)));", "static_cast<void>(address);", NET),
    Edge("a datagram's send releases nothing", "runtime/net/edges.cpp", ["void datagram_sent("],
         "merge_at(mixed(kDatagram, key_of_listener(to)));", "static_cast<void>(to);", NET),
    Edge("a datagram's receive acquires nothing", "runtime/net/edges.cpp", ["void datagram_received("],
         "acquire_at(mixed(kDatagram, key_of_listener(name_of(descriptor.fd, getsockname))));",
         "static_cast<void>(descriptor);", NET),
]

# --- what the detector makes of them ---

EDGES, ATOMIC, HOOKS = ("detector/race/hooks_" + name + ".cpp" for name in ("edges", "atomic", "fiber"))
CORE_TEST = Unit("unit_model_core", "CoreDifferential.ReportsAreExactlyTheRaces")
MODEL = Unit("unit_model", "Differential.*:Scenario*")
DETECTED = (RACE, CORE_TEST)

HOOKS_OF_EDGES = [
    Edge("the hook acquire does nothing", EDGES, ["void __fsan_acquire("], "fibersan::acquire_from(*fiber, sync);", ";",
         DETECTED),
    Edge("the hook release does nothing", EDGES, ["void __fsan_release("], "fibersan::release_to(*fiber, sync);", ";",
         DETECTED),
    Edge("the hook merge does nothing", EDGES, ["void __fsan_merge("], "fibersan::merge_to(*fiber, sync);", ";", DETECTED),
    Edge("merge replaces what was there", EDGES, ["void merge_to("], "fiber.clock.merge(sync.make());",
         "fiber.clock.release(sync.make());", DETECTED),
    Edge("release adds to what was there", EDGES, ["void release_to("], "fiber.clock.release(sync.make());",
         "fiber.clock.merge(sync.make());", DETECTED),
    Edge("a lock acquires nothing", EDGES, ["void note_lock_acquired("], "acquire_from(fiber, lock);", ";", DETECTED),
    Edge("a writer does not acquire what readers released", EDGES, ["void note_lock_acquired("],
         "if (!is_read(mode)) acquire_from(fiber, readers_of(lock));", ";", DETECTED),
    Edge("readers acquire what readers released", EDGES, ["void note_lock_acquired("],
         "if (!is_read(mode)) acquire_from(fiber, readers_of(lock));", "acquire_from(fiber, readers_of(lock));", DETECTED),
    Edge("a reader's unlock releases nothing", EDGES, ["bool note_lock_released("], "merge_to(fiber, readers_of(lock));", ";",
         DETECTED),
    Edge("a writer's unlock releases nothing", EDGES, ["bool note_lock_released("], "release_to(fiber, lock);", ";",
         DETECTED),
    Edge("an unlock without the lock replaces what it knew", EDGES, ["bool note_lock_released("],
         "merge_to(fiber, lock);", "release_to(fiber, lock);", DETECTED),
]

ATOMICS = [
    Edge("an acquiring load acquires nothing", ATOMIC, ["void edge_of_load("], "fiber.clock.acquire(*known);", ";", DETECTED),
    Edge("a relaxed load leaves nothing for a fence", ATOMIC, ["void edge_of_load("], "fiber.fence_acquire.add(*known);",
         ";", DETECTED),
    Edge("a relaxed load acquires", ATOMIC, ["void edge_of_load("], "fiber.fence_acquire.add(*known);",
         "fiber.clock.acquire(*known);", DETECTED),
    Edge("a releasing store releases nothing", ATOMIC, ["void edge_of_store("], "fiber.clock.release(sync.make());", ";",
         DETECTED),
    Edge("a relaxed store does not publish the last fence", ATOMIC, ["void edge_of_store("],
         "sync.make().copy(fiber.fence_release);", ";", DETECTED),
    Edge("a relaxed store continues the release sequence", ATOMIC, ["void edge_of_store("], "known->clear();", ";", DETECTED),
    Edge("a releasing update releases nothing", ATOMIC, ["void edge_of_update("], "fiber.clock.merge(sync.make());", ";",
         DETECTED),
    Edge("a relaxed update does not publish the last fence", ATOMIC, ["void edge_of_update("],
         "sync.make().add(fiber.fence_release);", ";", DETECTED),
    Edge("an update ends the release sequence", ATOMIC, ["void edge_of_update("], "fiber.clock.merge(sync.make());",
         "fiber.clock.release(sync.make());", DETECTED),
    Edge("a failed exchange has the order of success", ATOMIC, ["compare_exchange(fsan_ptr"],
         "Performed{Effect::kLoad, failure}", "Performed{Effect::kLoad, success}", DETECTED),
    Edge("an acquire fence acquires nothing", ATOMIC, ["void fence("], "fiber->clock.acquire(fiber->fence_acquire);", ";",
         DETECTED),
    Edge("a release fence releases nothing", ATOMIC, ["void fence("], "fiber->clock.release(fiber->fence_release);", ";",
         DETECTED),
]

LIVES = [
    Edge("a spawned fiber knows nothing of its creator", HOOKS, ["__fsan_fiber_created("],
         "fiber->snapshot = creator->clock.spawn();", "static_cast<void>(creator->clock.spawn());", (CORE_TEST,)),
    Edge("a switch of fibers is an edge", HOOKS, ["void __fsan_fiber_switched_in("], "fiber->waiting.active = false;",
         "fiber->waiting.active = false; static fibersan::Sync all; fiber->clock.swap(all);", (CORE_TEST,)),
    Edge("run() returns without what its fibers did", "detector/race/attached_threads.cpp", [],
         "this_thread.fiber->clock.acquire_ended(is_fiber_id);", ";",
         (Program(NO_RACE + "main_thread.cpp", "procs=1"), Program(NO_RACE + "globals_before_run.cpp", "procs=1"))),
    Edge("acquire learns nothing", "detector/clock/fiber_clock.cpp", ["void FiberClock::acquire("], "learn(sync.clock_);", ";",
         (CORE_TEST,)),
    Edge("swap leaves what it acquired, too", "detector/clock/fiber_clock.cpp", ["void FiberClock::swap("],
         "sync.replace(releaser, before);", "sync.replace({}, clock_);", (CORE_TEST, Unit("unit_clock"))),
    Edge("a spawn publishes nothing", "detector/clock/fiber_clock.cpp", ["FiberClock::spawn("], "publish();", ";",
         (CORE_TEST,)),
]

# Each program is silent when every edge is there.
THREADS = "tests/programs/race/threads/"
THREADED = tuple(Program(THREADS + name + ".cpp", "", ("-std=c++20",)) for name in ("condition_hands_its_mutex_over", "locks", "waits", "fibers_and_threads"))
ATTACHED = "detector/race/attached_threads.cpp"

OS_THREADS = [
    Edge("a system mutex acquires nothing", "detector/threads/mutex.cpp", [],
         "if (fsan_fiber* fiber = act()) note_lock_acquired(*fiber, plain(lock), mode, caller);",
         "static_cast<void>(act());", THREADED),
    Edge("a system mutex releases nothing", "detector/threads/mutex.cpp", [],
         "if (fsan_fiber* fiber = act()) note_lock_released(*fiber, plain(lock), FSAN_LOCK_WRITE);", "static_cast<void>(act());",
         THREADED),
    Edge("a system read-write lock acquires nothing", "detector/threads/rwlock.cpp", [],
         "note_lock_acquired(*fiber, lock, mode, caller);", ";", THREADED),
    Edge("a system read-write lock releases nothing", "detector/threads/rwlock.cpp", [],
         "note_lock_released(*fiber, lock, writer ? FSAN_LOCK_WRITE : FSAN_LOCK_READ);", ";", THREADED),
    Edge("a wait for a system condition does not release its mutex", "detector/threads/condition.cpp", [],
         "if (seen_) __fsan_release(mutex_);", ";", THREADED),
    Edge("a wait for a system condition does not acquire its mutex", "detector/threads/condition.cpp", [],
         "if (seen_) __fsan_acquire(mutex_);", ";", THREADED),
    Edge("pthread_once: the call releases nothing", "detector/threads/once.cpp", [],
         "if (act() != nullptr) __fsan_release(sync_of(control));", ";", THREADED),
    Edge("pthread_once: nobody acquires", "detector/threads/once.cpp", [],
         "if (act() != nullptr) __fsan_acquire(sync_of(control));", ";", THREADED),
    Edge("a system semaphore's wait acquires nothing", "detector/threads/rendezvous.cpp", [],
         "if (result == 0 && act() != nullptr) __fsan_acquire(semaphore);", ";", THREADED),
    Edge("a system semaphore's post releases nothing", "detector/threads/rendezvous.cpp", [],
         "if (act() != nullptr) __fsan_merge(semaphore);", ";", THREADED),
    Edge("a system barrier releases nothing", "detector/threads/rendezvous.cpp", [], "__fsan_merge(sync);", ";", THREADED),
    Edge("a system barrier acquires nothing", "detector/threads/rendezvous.cpp", [], "__fsan_acquire(sync);", ";", THREADED),
    Edge("a thread knows nothing of its creator", ATTACHED, [], "thread->fiber.snapshot = creator.clock.spawn();",
         "static_cast<void>(creator.clock.spawn());", THREADED),
    Edge("a thread's end releases nothing", ATTACHED, [], "own->clock.release(thread.ended);", ";", THREADED),
    Edge("a thread's join acquires nothing", ATTACHED, [], "if (joiner != nullptr) joiner->clock.acquire(thread.ended);", ";",
         THREADED),
]

ALL = CHANNEL + LOCKS + FIBERS + TIME_EDGES + NET_EDGES + HOOKS_OF_EDGES + ATOMICS + LIVES + OS_THREADS
