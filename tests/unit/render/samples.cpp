#include "tests/unit/render/samples.h"

#include <fstream>
#include <initializer_list>
#include <utility>

#include "detector/report/fingerprint.h"

namespace fibersan::samples {
namespace {

constexpr const char* kBank = R"(// A bank that keeps its books badly.
#include <fiber/fiber.h>

struct Account {
  fiber::Mutex mutex;
  long balance = 0;
};

void deposit(Account& account, long amount) {
  account.balance += amount;  // no lock
}

long look(const Account& account) {
  return account.balance;
}

void transfer(Account& from, Account& to, long amount) {
  std::scoped_lock first(from.mutex);
  fiber::yield();
  std::scoped_lock second(to.mutex);
  from.balance -= amount;
  to.balance += amount;
}

int main() {
  return fiber::run([] {
    auto* savings = new Account;
    fiber::WaitGroup workers;
    workers.go({.name = "teller"}, [&] { deposit(*savings, 100); });
    workers.go([&] { look(*savings); });
    workers.wait();
  });
}
)";

constexpr const char* kChannel = R"(#include <fiber/fiber.h>

void produce(fiber::Channel<int> jobs) {
  for (int i = 0; i < 10; ++i) jobs.send(i);   // größer, 数
  jobs.close();
}

void consume(fiber::Channel<int> jobs, fiber::Channel<int> results) {
  for (int job : jobs) results.send(job * job);
}
)";

SourceFrame frame(const std::string& function, const std::string& file, uint32_t line,
                  uint32_t column, uint64_t offset) {
  SourceFrame frame;
  frame.function = function;
  frame.file = file;
  frame.line = line;
  frame.column = column;
  frame.module = "bank";
  frame.module_offset = offset;
  return frame;
}

Trace trace(std::initializer_list<SourceFrame> frames) { return {frames, false, ""}; }

FiberName fiber(uint64_t id, const char* name = "") { return {FiberName::Kind::kFiber, id, name}; }

struct Sources {
  explicit Sources(const std::string& folder)
      : bank(folder + "/bank.cpp"), channel(folder + "/channel.cpp") {}
  SourceFrame main() const { return frame("main", bank, 25, 10, 0x4b100); }
  SourceFrame body(uint32_t line) const {
    return frame("main::$_0::operator()() const", bank, line, 13, 0x4b200 + line);
  }
  std::string bank;
  std::string channel;
};

Report race(const Sources& sources) {
  Report report;
  report.kind = "data race";
  ReportAccess write;
  write.kind = ReportAccess::Kind::kWrite;
  write.address = 0x7b0400001028;
  write.size = 8;
  write.fiber = fiber(7, "teller");
  write.stack =
      trace({frame("deposit(Account&, long)", sources.bank, 10, 19, 0x4a010), sources.body(29)});
  write.mutexes = {
      {1, true,
       trace({frame("fiber::Mutex::lock()", "/usr/include/fiber/sync.h", 88, 5, 0x51000),
              sources.body(29)})}};
  ReportAccess read = write;
  read.kind = ReportAccess::Kind::kRead;
  read.fiber = fiber(8);
  read.mutexes.clear();
  read.stack =
      trace({frame("look(Account const&)", sources.bank, 14, 18, 0x4a040), sources.body(30)});
  report.accesses = {write, read};
  ReportLocation location;
  location.address = 0x7b0400001000;
  location.size = 48;
  location.offset = 40;
  location.fiber = fiber(1);
  location.allocated = trace({sources.body(27), sources.main()});
  report.location = location;
  report.mutexes = {
      {1, {"mutex", 0x7b0400002000, "books", "", fiber(1), trace({sources.body(27)})}}};
  report.fibers = {
      {fiber(7, "teller"), ReportFiber::State::kRunning, fiber(1), trace({sources.body(29)})},
      {fiber(8), ReportFiber::State::kFinished, fiber(1), trace({sources.body(30)})},
      {fiber(1), ReportFiber::State::kRunning, FiberName{FiberName::Kind::kMainThread, 0, ""},
       trace({sources.main()})}};
  report.notes = {
      "why no happens-before: fiber 8 last released waitgroup 0x7b0400003000; fiber 7 last "
      "acquired at " +
      sources.bank + ":29:13"};
  report.summary = write.stack.frames[0];
  return report;
}

ReportWaiters waiter(const Sources& sources, uint64_t id, uint64_t wants, uint64_t holder) {
  ReportWaiters waiters;
  waiters.fiber = fiber(id);
  waiters.reason = "mutex lock";
  waiters.objects = {{"mutex", 0x7b0400000000 + wants, "", "", {}, {}}};
  waiters.holders = {fiber(holder)};
  waiters.waited_ms = 1000 * id;
  waiters.why = {"fiber " + std::to_string(holder) + " waits itself"};
  waiters.stack =
      trace({frame("fiber::Mutex::lock()", "/usr/include/fiber/sync.h", 88, 5, 0x51000),
             frame("transfer(Account&, Account&, long)", sources.bank, 20, 20, 0x4a100)});
  waiters.creator = fiber(1);
  waiters.created = trace({sources.body(29)});
  return waiters;
}

Report deadlock(const Sources& sources) {
  Report report;
  report.kind = "partial deadlock";
  report.waiters = {waiter(sources, 3, 0x10, 4), waiter(sources, 4, 0x20, 3)};
  ReportWaiters group;
  group.fiber = fiber(20);
  group.count = 12;
  group.ids = {{20, 30}, {33, 33}};
  group.reason = "chan send";
  group.objects = {{"channel", 0x7b0400000030, "results", "capacity 2, 2 in it", fiber(1),
                    trace({sources.body(26)})}};
  group.stack = trace({frame("consume(fiber::Channel<int>, fiber::Channel<int>)", sources.channel,
                             9, 24, 0x4c010)});
  group.why = {"the last receiver ended"};
  report.waiters.push_back(group);
  report.summary = report.waiters[0].stack.frames[1];
  return report;
}

Report lock_order(const Sources& sources) {
  Report report;
  report.kind = "lock-order inversion (potential deadlock)";
  ReportLockStep step;
  step.held = 1;
  step.taken = 2;
  step.fiber = fiber(3);
  step.held_at = trace({frame("transfer(Account&, Account&, long)", sources.bank, 18, 20, 0x4a0c0),
                        sources.body(29)});
  step.taken_at = trace({frame("transfer(Account&, Account&, long)", sources.bank, 20, 20, 0x4a100),
                         sources.body(29)});
  report.lock_cycle.push_back(step);
  std::swap(step.held, step.taken);
  step.fiber = fiber(4);
  step.held_at_hidden = true;
  report.lock_cycle.push_back(step);
  report.mutexes = {{1, {"mutex", 0x7b0400000010, "savings", "", {}, trace({sources.body(27)})}},
                    {2, {"mutex", 0x7b0400000020, "", "", {}, {}}}};
  report.fibers = {{fiber(3), ReportFiber::State::kRunning, fiber(1), trace({sources.body(29)})},
                   {fiber(4), ReportFiber::State::kRunning, fiber(1), trace({sources.body(30)})}};
  report.summary = step.taken_at.frames[0];
  return report;
}

Report misuse(const Sources& sources) {
  Report report;
  report.kind = "send on closed channel";
  ReportAccess send;
  send.kind = ReportAccess::Kind::kOperation;
  send.fiber = fiber(9);
  send.stack = trace({frame("produce(fiber::Channel<int>)", sources.channel, 4, 37, 0x4c000)});
  report.accesses = {send};
  report.parties = {
      {"closed", fiber(10),
       trace({frame("produce(fiber::Channel<int>)", sources.channel, 5, 8, 0x4c008)})}};
  report.object = ReportObject{"channel", 0x7b0400000030, "jobs",
                               "closed",  fiber(1),       trace({sources.body(26)})};
  report.summary = send.stack.frames[0];
  return report;
}

Report leak(const Sources& sources) {
  Report report;
  report.kind = "fiber leak";
  report.waiters = {waiter(sources, 11, 0x40, 0)};
  report.waiters[0].holders.clear();
  report.waiters[0].stack.frames[1].file = "/nowhere/at/all/gone.cpp";
  report.waiters[0].why.clear();
  report.summary = report.waiters[0].stack.frames[1];
  return report;
}

void finish(Document& document) {
  uint64_t at_ms = 3;
  for (Report& report : document.findings) {
    report.pid = document.process.pid;
    report.fingerprint = fingerprint_of(report);
    (void)at_ms;
  }
  document.totals.findings = document.findings.size();
}

Document empty_document(const std::string& folder) {
  Document document;
  document.tool_version = "0.1.0";
  document.process.pid = 4711;
  document.process.parent_pid = 4700;
  document.process.executable = folder + "/bank";
  document.process.arguments = {"./bank", "--accounts", "2"};
  document.process.directory = folder;
  document.process.started_ms = 4102444800000;  // in 2100, so that no source is newer
  document.process.duration_ms = 1250;
  document.process.seed = 18446744073709551557u;
  document.process.processors = 4;
  document.process.options = "format=json:log_path=bank.log";
  document.process.ended_by = "exit";
  document.totals.fibers = 34;
  document.totals.accesses = 123456789;
  document.totals.instrumented_functions = 87;
  document.totals.suppressed = 2;
  document.precision = "exact";
  document.complete = true;
  document.suppressions = {
      {"race", "legacy_*", folder + "/bank.supp", 3, 2, "2031-01-01", "old code", false}};
  return document;
}

constexpr const char* kEvil =
    "</script><script>alert(1)</script> <!-- ]]> \"quoted\" 'single' & %25 "
    "a,b:c\r\n::error::gotcha "
    "größer 数 \xf0\x9f\x98\x80 \x01\x1b[31m \xff\xc3( [a](1) \\ {0} \xef\xbf\xbe";

void spoil(std::string& text) {
  if (!text.empty()) text += kEvil;
}

void spoil(Trace& trace) {
  for (SourceFrame& frame : trace.frames) {
    spoil(frame.function);
    spoil(frame.file);
    spoil(frame.module);
  }
  trace.cut = true;
  trace.lost_why = kEvil;
}

}  // namespace

void write_sources(const std::string& folder) {
  std::ofstream(folder + "/bank.cpp", std::ios::binary) << kBank;
  std::ofstream(folder + "/channel.cpp", std::ios::binary) << kChannel;
}

Document bank(const std::string& folder) {
  const Sources sources(folder);
  Document document = empty_document(folder);
  document.findings = {race(sources), deadlock(sources), lock_order(sources), misuse(sources),
                       leak(sources)};
  document.messages = {{0, "FiberSan: a note of the process"}};
  finish(document);
  return document;
}

Document hostile(const std::string& folder) {
  Document document = bank(folder);
  spoil(document.process.executable);
  spoil(document.process.arguments[1]);
  spoil(document.process.options);
  document.precision = kEvil;
  document.messages = {{0, kEvil}};
  spoil(document.suppressions[0].pattern);
  for (Report& report : document.findings) {
    for (ReportAccess& access : report.accesses) {
      spoil(access.fiber.name);
      spoil(access.stack);
      access.fiber.name = kEvil;
    }
    for (ReportWaiters& waiters : report.waiters) {
      spoil(waiters.stack);
      waiters.why = {kEvil};
      waiters.objects[0].name = kEvil;
    }
    for (ReportFiber& known : report.fibers) known.fiber.name = kEvil;
    report.notes = {kEvil};
    spoil(report.summary.file);
    spoil(report.summary.function);
  }
  document.findings.back().kind = kEvil;
  return document;
}

Document many(const std::string& folder, size_t findings) {
  const Sources sources(folder);
  Document document = empty_document(folder);
  const Report model = race(sources);
  constexpr size_t kLines = 3000;
  for (size_t i = 0; i < findings; ++i) {
    Report report = model;
    const size_t writer = i % kLines, reader = i / kLines;
    SourceFrame& written = report.accesses[0].stack.frames[0];
    written.function = "ledger::Book<" + std::to_string(writer % 7) + ">::update_" +
                       std::to_string(writer) + "(long)";
    written.line = static_cast<uint32_t>(1 + writer % 32);
    written.module_offset = 0x10000 + writer * 16;
    SourceFrame& read = report.accesses[1].stack.frames[0];
    read.function = "ledger::audit_" + std::to_string(reader) + "()";
    read.module_offset = 0x90000 + reader * 16;
    const uint64_t address = 0x7b0400000000 + i * 64;
    report.accesses[0].address = report.accesses[1].address = address;
    report.location->address = address - 40;
    report.accesses[0].fiber.id = report.fibers[0].fiber.id = 100 + i % 997;
    report.accesses[1].fiber.id = report.fibers[1].fiber.id = 2000 + i % 1009;
    report.summary = written;
    document.findings.push_back(std::move(report));
  }
  finish(document);
  return document;
}

}  // namespace fibersan::samples
