// The text of reports, word for word: scripts and eyes rely on it.
#include "detector/report/render_text.h"

#include <gtest/gtest.h>

namespace fibersan {
namespace {

SourceFrame frame(const char* function, uint32_t line, uint64_t offset) {
  SourceFrame frame;
  frame.function = function;
  frame.file = "app.cpp";
  frame.line = line;
  frame.column = 3;
  frame.module = "app";
  frame.module_offset = offset;
  return frame;
}

Trace trace(std::initializer_list<SourceFrame> frames) {
  Trace trace;
  trace.frames = frames;
  return trace;
}

FiberName fiber(uint64_t id, const char* name = "") {
  FiberName result;
  result.id = id;
  result.name = name;
  return result;
}

FiberName main_thread() {
  FiberName result;
  result.kind = FiberName::Kind::kMainThread;
  return result;
}

ReportAccess access(ReportAccess::Kind kind, FiberName who, Trace stack) {
  ReportAccess access;
  access.kind = kind;
  access.address = 0x7b0000001040;
  access.size = 4;
  access.fiber = who;
  access.stack = stack;
  return access;
}

Report race() {
  Report report;
  report.kind = "data race";
  report.pid = 321;
  report.accesses.push_back(access(ReportAccess::Kind::kWrite, fiber(7, "adder"),
                                   trace({frame("add(int&)", 8, 0x10), frame("main", 20, 0x20)})));
  report.accesses.push_back(
      access(ReportAccess::Kind::kRead, fiber(5), trace({frame("look(int&)", 12, 0x30)})));
  report.summary = report.accesses[0].stack.frames[0];
  return report;
}

TEST(RenderFiber, ThatNobodyKnowsAnyMoreHasNoNumber) {
  FiberName unknown;
  unknown.kind = FiberName::Kind::kUnknown;
  unknown.id = ~uint64_t{0};
  EXPECT_EQ(render_fiber(unknown), "a fiber no longer known");
}

TEST(RenderText, DataRaceWithEverything) {
  Report report = race();
  report.accesses[0].mutexes = {{1, true, trace({frame("add(int&)", 6, 0x43)})},
                                {2, false, trace({frame("add(int&)", 7, 0x42)})}};
  ReportLocation location;
  location.address = 0x7b0000001020;
  location.size = 40;
  location.offset = 32;
  location.fiber = fiber(1);
  location.allocated = trace({frame("make()", 30, 0x40)});
  report.location = location;
  ReportMutex created;
  created.number = 1;
  created.object.address = 0x55550000;
  created.object.created = trace({frame("setup()", 31, 0x41)});
  ReportMutex global;
  global.number = 2;
  global.object.address = 0x55550040;
  global.object.name = "guard";
  report.mutexes = {created, global};
  ReportFiber first;
  first.fiber = fiber(7, "adder");
  first.creator = fiber(1);
  first.created = trace({frame("main::$_0::operator()() const", 18, 0x50)});
  ReportFiber second;
  second.fiber = fiber(5);
  second.state = ReportFiber::State::kFinished;
  second.creator = main_thread();
  report.fibers = {first, second};
  report.notes = {"fiber 7 last synchronised with nobody"};

  EXPECT_EQ(render_text(report, {}),
            R"(==================
WARNING: FiberSan: data race (pid=321)
  Write of size 4 at 0x7b0000001040 by fiber 7 'adder' (mutexes: write M1, read M2):
    #0 add(int&) app.cpp:8:3 (app+0x10)
    #1 main app.cpp:20:3 (app+0x20)
  Previous read of size 4 at 0x7b0000001040 by fiber 5:
    #0 look(int&) app.cpp:12:3 (app+0x30)
  Location is heap block of size 40 at 0x7b0000001020 allocated by fiber 1:
    #0 make() app.cpp:30:3 (app+0x40)
    [32 bytes into it]
  Mutex M1 (0x000055550000) created at:
    #0 setup() app.cpp:31:3 (app+0x41)
  Mutex M1 acquired by fiber 7 'adder' at:
    #0 add(int&) app.cpp:6:3 (app+0x43)
  Mutex M2 (0x000055550040) 'guard' acquired by fiber 7 'adder' at:
    #0 add(int&) app.cpp:7:3 (app+0x42)
  Fiber 7 'adder' (running) created by fiber 1 at:
    #0 main::$_0::operator()() const app.cpp:18:3 (app+0x50)
  Fiber 5 (finished) created by main thread
  [fiber 7 last synchronised with nobody]
SUMMARY: FiberSan: data race app.cpp:8:3 in add(int&)
==================
)");
}

// The heading of the location, and what comes below it.
std::string location_text(const ReportLocation& location) {
  Report report = race();
  report.location = location;
  const std::string text = render_text(report, {});
  const size_t begin = text.find("  Location");
  return text.substr(begin, text.find("SUMMARY") - begin);
}

TEST(RenderText, KindsOfLocation) {
  ReportLocation location;
  location.kind = ReportLocation::Kind::kStack;
  location.fiber = fiber(3);
  EXPECT_EQ(location_text(location), "  Location is stack of fiber 3\n");
  location.function = "work()";
  EXPECT_EQ(location_text(location), "  Location is stack of fiber 3, frame of work()\n");
  location.variable = "stats";
  location.size = 44;
  location.offset = 40;
  location.where.file = "app.cpp";
  location.where.line = 9;
  EXPECT_EQ(location_text(location),
            "  Location is stack of fiber 3, variable 'stats' of size 44 in work() app.cpp:9\n"
            "    [40 bytes into it]\n");
  location.kind = ReportLocation::Kind::kThreadLocal;
  location.address = 0x7f0000000010;
  EXPECT_EQ(
      location_text(location),
      "  Location is thread_local 'stats' of size 44 at 0x7f0000000010 of the thread of fiber "
      "3\n    [40 bytes into it]\n");
  location.variable.clear();
  location.offset = 0;
  EXPECT_EQ(location_text(location),
            "  Location is thread_local memory of the thread of fiber 3\n");
  location.fiber = main_thread();
  EXPECT_EQ(location_text(location), "  Location is thread_local memory of main thread\n");
  location.fiber.kind = FiberName::Kind::kUnknown;
  EXPECT_EQ(location_text(location),
            "  Location is thread_local memory of another thread that runs fibers\n");
  location.fiber = fiber(3);
  location.kind = ReportLocation::Kind::kMapped;
  location.address = 0x7f0000000000;
  location.mapping = "/dev/zero";
  EXPECT_EQ(location_text(location),
            "  Location is mapped memory of size 44 at 0x7f0000000000 '/dev/zero'\n");
  location.kind = ReportLocation::Kind::kHeapBlock;
  location.offset = 0;
  location.freed = true;
  EXPECT_EQ(location_text(location),
            "  Location is heap block of size 44 at 0x7f0000000000 allocated by fiber 3:\n"
            "    [freed by now]\n");
  location.free = ReportFree{fiber(4), trace({frame("drop()", 9, 0x50)})};
  EXPECT_EQ(location_text(location),
            "  Location is heap block of size 44 at 0x7f0000000000 allocated by fiber 3:\n"
            "    [freed by now]\n"
            "  Heap block freed by fiber 4 at:\n"
            "    #0 drop() app.cpp:9:3 (app+0x50)\n");
}

TEST(RenderText, AFiberThatNobodyKnowsAnyMore) {
  Report report = race();
  ReportFiber gone;
  gone.fiber = fiber(9);
  gone.state = ReportFiber::State::kForgotten;
  report.fibers = {gone};
  EXPECT_NE(render_text(report, {}).find("  Fiber 9 (finished, no longer known)\n"),
            std::string::npos);
}

TEST(RenderText, PartsThatDoNotApplyAreLeftOut) {
  EXPECT_EQ(render_text(race(), {}),
            R"(==================
WARNING: FiberSan: data race (pid=321)
  Write of size 4 at 0x7b0000001040 by fiber 7 'adder':
    #0 add(int&) app.cpp:8:3 (app+0x10)
    #1 main app.cpp:20:3 (app+0x20)
  Previous read of size 4 at 0x7b0000001040 by fiber 5:
    #0 look(int&) app.cpp:12:3 (app+0x30)
SUMMARY: FiberSan: data race app.cpp:8:3 in add(int&)
==================
)");
}

TEST(RenderText, KindsOfAccess) {
  Report report = race();
  report.accesses[0].atomic = true;
  report.accesses[0].fiber = main_thread();
  report.accesses[1].kind = ReportAccess::Kind::kFree;
  std::string text = render_text(report, {});
  EXPECT_NE(text.find("  Atomic write of size 4 at 0x7b0000001040 by main thread:\n"),
            std::string::npos);
  EXPECT_NE(text.find("  Previous free of size 4 at 0x7b0000001040 by fiber 5:\n"),
            std::string::npos);
  report.accesses[1].kind = ReportAccess::Kind::kRead;
  report.accesses[1].atomic = true;
  EXPECT_NE(render_text(report, {}).find("  Previous atomic read of size 4 at"), std::string::npos);
}

TEST(RenderText, LostStackIsSaid) {
  Report report = race();
  report.accesses[1].stack = Trace();
  report.accesses[1].stack.lost_why = "stack no longer in history (history_size=4)";
  EXPECT_NE(render_text(report, {})
                .find("by fiber 5:\n    [stack no longer in history (history_size=4)]\n"),
            std::string::npos);
}

TEST(RenderText, Locations) {
  Report report = race();
  ReportLocation location;
  location.kind = ReportLocation::Kind::kGlobal;
  location.address = 0x555555559040;
  location.size = 16;
  location.global = "table";
  location.where.file = "app.cpp";
  location.where.line = 5;
  location.where.module = "app";
  location.where.module_offset = 0x4040;
  report.location = location;
  EXPECT_NE(render_text(report, {})
                .find("  Location is global 'table' of size 16 at 0x555555559040 app.cpp:5 "
                      "(app+0x4040)\n"),
            std::string::npos);
  location = {};
  location.kind = ReportLocation::Kind::kStack;
  location.fiber = fiber(3, "owner");
  report.location = location;
  EXPECT_NE(render_text(report, {}).find("  Location is stack of fiber 3 'owner'\n"),
            std::string::npos);
}

TEST(RenderText, FramesWithoutSymbols) {
  SourceFrame bare;
  bare.module = "app";
  bare.module_offset = 0x1234;
  EXPECT_EQ(render_frame(bare), "(app+0x1234)");
  bare.function = "main";
  EXPECT_EQ(render_frame(bare), "main (app+0x1234)");
  bare.file = "a b.cpp";
  EXPECT_EQ(render_frame(bare), "main a b.cpp (app+0x1234)");
  bare.line = 4;
  EXPECT_EQ(render_frame(bare), "main a b.cpp:4 (app+0x1234)");
  Report report = race();
  report.summary = SourceFrame();
  report.summary.module = "app";
  report.summary.module_offset = 0x99;
  EXPECT_NE(render_text(report, {}).find("SUMMARY: FiberSan: data race (app+0x99)\n"),
            std::string::npos);
}

TEST(RenderText, GlobalDeadlock) {
  Report report;
  report.kind = "global deadlock";
  report.pid = 9;
  ReportWaiters waiter;
  waiter.fiber = fiber(3, "stage");
  waiter.reason = "chan receive";
  ReportObject channel;
  channel.kind = "channel";
  channel.address = 0x7b0000002000;
  channel.name = "jobs";
  channel.created = trace({frame("main", 40, 0x60)});
  waiter.objects = {channel};
  waiter.stack = trace({frame("stage(fiber::Channel<int>)", 44, 0x61)});
  waiter.creator = fiber(1);
  waiter.created = trace({frame("main", 41, 0x62)});
  ReportWaiters group;
  group.fiber = fiber(4);
  group.count = 5;
  group.ids = {{4, 7}, {9, 9}};
  group.reason = "nil chan send";
  ReportWaiters locker;
  locker.fiber = fiber(10);
  locker.reason = "mutex lock";
  ReportObject mutex;
  mutex.kind = "mutex";
  mutex.address = 0x7b0000003000;
  locker.objects = {mutex};
  locker.holders = {fiber(3, "stage"), fiber(4)};
  report.waiters = {waiter, group, locker};
  report.summary = waiter.stack.frames[0];
  EXPECT_EQ(render_text(report, {}),
            R"(==================
WARNING: FiberSan: global deadlock (pid=9)
  Fiber 3 'stage' waits: chan receive on channel 0x7b0000002000 'jobs' (created at: app.cpp:40:3)
    #0 stage(fiber::Channel<int>) app.cpp:44:3 (app+0x61)
  Fiber 3 'stage' created by fiber 1 at:
    #0 main app.cpp:41:3 (app+0x62)
  Fibers 4-7, 9 (5 in all) wait: nil chan send
  Fiber 10 waits: mutex lock on mutex 0x7b0000003000, held by fiber 3 'stage', fiber 4
SUMMARY: FiberSan: global deadlock app.cpp:44:3 in stage(fiber::Channel<int>)
==================
)");
}

TEST(RenderText, WaiterWithAllThatIsKnown) {
  Report report;
  report.kind = "partial deadlock";
  report.pid = 9;
  ReportWaiters waiter;
  waiter.fiber = fiber(3);
  waiter.reason = "chan send";
  waiter.waited_ms = 61'000;
  waiter.why = {"its channel was created by fiber 2, which has ended"};
  ReportObject channel;
  channel.kind = "channel";
  channel.address = 0x7b0000002000;
  channel.state = "capacity 2, 2 in it, closed";
  waiter.objects = {channel};
  channel.created = trace({frame("main", 40, 0x60)});
  waiter.objects.push_back(channel);
  report.waiters = {waiter};
  EXPECT_EQ(render_text(report, {}),
            R"(==================
WARNING: FiberSan: partial deadlock (pid=9)
  Fiber 3 waits: chan send on channel 0x7b0000002000 (capacity 2, 2 in it, closed), channel 0x7b0000002000 (created at: app.cpp:40:3; capacity 2, 2 in it, closed)
    [has waited for 1 min 1 s]
    [its channel was created by fiber 2, which has ended]
SUMMARY: FiberSan: partial deadlock
==================
)");
}

TEST(RenderDuration, HasTheUnitsOfItsSize) {
  EXPECT_EQ(render_duration(7), "7 ms");
  EXPECT_EQ(render_duration(999), "999 ms");
  EXPECT_EQ(render_duration(1250), "1.2 s");
  EXPECT_EQ(render_duration(59'999), "59.9 s");
  EXPECT_EQ(render_duration(60'000), "1 min 0 s");
}

TEST(RenderText, Misuse) {
  Report report;
  report.kind = "send on closed channel";
  report.pid = 9;
  ReportObject channel;
  channel.kind = "channel";
  channel.address = 0x7b0000002000;
  channel.creator = fiber(1);
  channel.created = trace({frame("main", 40, 0x60)});
  report.object = channel;
  report.accesses.push_back(
      access(ReportAccess::Kind::kOperation, fiber(2), trace({frame("producer()", 44, 0x61)})));
  report.summary = report.accesses[0].stack.frames[0];
  EXPECT_EQ(render_text(report, {}),
            R"(==================
WARNING: FiberSan: send on closed channel (pid=9)
  Operation on channel 0x7b0000002000 by fiber 2:
    #0 producer() app.cpp:44:3 (app+0x61)
  Channel 0x7b0000002000 created by fiber 1 at:
    #0 main app.cpp:40:3 (app+0x60)
SUMMARY: FiberSan: send on closed channel app.cpp:44:3 in producer()
==================
)");
}

TEST(RenderText, ColourChangesNothingElse) {
  std::string plain = render_text(race(), {});
  std::string coloured = render_text(race(), {.color = true});
  EXPECT_NE(plain, coloured);
  std::string stripped;
  for (size_t i = 0; i < coloured.size(); ++i) {
    if (coloured[i] == '\033') {
      i = coloured.find('m', i);
    } else {
      stripped += coloured[i];
    }
  }
  EXPECT_EQ(stripped, plain);
}

}  // namespace
}  // namespace fibersan
