#include "detector/report/suppressions.h"

#include <gtest/gtest.h>

namespace fibersan {
namespace {

Trace trace(const char* function, const char* file = "", const char* module = "") {
  SourceFrame frame;
  frame.function = function;
  frame.file = file;
  frame.module = module;
  return {{frame}, false, ""};
}

Report leak() {
  Report report;
  report.waiters.resize(1);
  report.waiters[0].stack = trace("wait_for_work(int)", "src/pool.cpp", "libpool.so");
  report.waiters[0].created = trace("Server::start()", "src/server.cpp", "app");
  return report;
}

bool suppressed(const char* text, SuppressionType type, const Report& report) {
  Suppressions suppressions;
  EXPECT_EQ(suppressions.parse(text), std::nullopt);
  return suppressions.match(type, report) != nullptr;
}

TEST(SuppressionPattern, IsFoundAnywhere) {
  EXPECT_TRUE(suppression_matches("pool", "src/pool.cpp"));
  EXPECT_FALSE(suppression_matches("pools", "src/pool.cpp"));
  EXPECT_FALSE(suppression_matches("pool", ""));
}

TEST(SuppressionPattern, StarStandsForAnyText) {
  EXPECT_TRUE(suppression_matches("src*cpp", "src/pool.cpp"));
  EXPECT_TRUE(suppression_matches("s*p*l*c", "src/pool.cpp"));
  EXPECT_FALSE(suppression_matches("cpp*src", "src/pool.cpp"));
  EXPECT_FALSE(suppression_matches("pool*pool", "src/pool.cpp")) << "the same piece twice";
  EXPECT_TRUE(suppression_matches("*pool*", "pool"));
}

TEST(SuppressionPattern, AnchorsAreBeginAndEnd) {
  EXPECT_TRUE(suppression_matches("^src", "src/pool.cpp"));
  EXPECT_FALSE(suppression_matches("^pool", "src/pool.cpp"));
  EXPECT_TRUE(suppression_matches("cpp$", "src/pool.cpp"));
  EXPECT_FALSE(suppression_matches("pool$", "src/pool.cpp"));
  EXPECT_TRUE(suppression_matches("^pool$", "pool"));
  EXPECT_FALSE(suppression_matches("^pool$", "pool pool"));
  EXPECT_TRUE(suppression_matches("^src*cpp$", "src/pool.cpp"));
  EXPECT_TRUE(suppression_matches("pool$", "pool pool")) << "the last one counts";
  EXPECT_FALSE(suppression_matches("^aba*aba$", "ababa")) << "pieces do not overlap";
}

TEST(Suppressions, LeaksMatchByEitherStackAndEachName) {
  using enum SuppressionType;
  for (const char* line : {"leak:wait_for_work", "leak:pool.cpp", "leak:libpool",
                           "leak:Server::", "leak:server.cpp", "leak:^app$"})
    EXPECT_TRUE(suppressed(line, kLeak, leak())) << line;
  EXPECT_FALSE(suppressed("leak:elsewhere", kLeak, leak()));
  EXPECT_FALSE(suppressed("leak:wait_for_work", kDeadlock, leak()));
  EXPECT_TRUE(suppressed("deadlock:wait_for_work", kDeadlock, leak()));
  EXPECT_FALSE(suppressed("race:wait_for_work", kLeak, leak()));
}

TEST(Suppressions, DeadlocksMatchByLocks) {
  using enum SuppressionType;
  Report report;
  report.waiters.resize(1);
  report.waiters[0].mutexes.push_back({1, true, trace("take_first()")});
  report.mutexes.push_back({1, {}});
  report.mutexes[0].object.created = trace("Account::Account()");
  EXPECT_TRUE(suppressed("deadlock:take_first", kDeadlock, report));
  EXPECT_TRUE(suppressed("deadlock:Account", kDeadlock, report));
}

TEST(Suppressions, LockOrdersMatchByWhereEitherLockWasTaken) {
  using enum SuppressionType;
  Report report;
  report.lock_cycle.resize(2);
  report.lock_cycle[1].held_at = trace("hold_first()");
  report.lock_cycle[1].taken_at = trace("take_second()");
  EXPECT_TRUE(suppressed("deadlock:hold_first", kDeadlock, report));
  EXPECT_TRUE(suppressed("deadlock:take_second", kDeadlock, report));
  EXPECT_FALSE(suppressed("deadlock:elsewhere", kDeadlock, report));
}

TEST(Suppressions, RacesMatchByAnyStackOrTheGlobalAndTopsByTheInnermostFrame) {
  using enum SuppressionType;
  Report report;
  report.accesses.resize(2);
  report.accesses[0].stack = trace("write()");
  report.accesses[1].stack = trace("read()");
  report.accesses[1].stack.frames.push_back(trace("main").frames[0]);
  report.location.emplace().global = "counter";
  report.location->allocated = trace("make()");
  report.fibers.resize(1);
  report.fibers[0].created = trace("start()");
  for (const char* line : {"race:write", "race:main", "race:counter", "race:make", "race:start",
                           "race_top:write", "race_top:read"})
    EXPECT_TRUE(suppressed(line, kRace, report)) << line;
  EXPECT_FALSE(suppressed("race_top:main", kRace, report));
  EXPECT_TRUE(suppressed("misuse:main", kMisuse, report));
}

TEST(Suppressions, LeaveOutCommentsAndSpace) {
  Suppressions suppressions;
  EXPECT_EQ(suppressions.parse("# why\n\n  leak: a b \r\n\tdeadlock:c::d"), std::nullopt);
  ASSERT_EQ(suppressions.all().size(), 2u);
  EXPECT_EQ(suppressions.all()[0].pattern, "a b");
  EXPECT_EQ(suppressions.all()[0].line, 3u);
  EXPECT_EQ(suppressions.all()[1].pattern, "c::d");
  EXPECT_EQ(suppressions.all()[1].type, "deadlock");
}

TEST(Suppressions, SayWhatIsWrong) {
  const char* types =
      "expected type:pattern, where type is one of race, race_top, deadlock, leak, "
      "misuse, fiber, created, fingerprint";
  Suppressions suppressions;
  EXPECT_EQ(suppressions.parse("leak:a\nleek:b"), std::string("line 2: 'leek:b': ") + types);
  EXPECT_EQ(suppressions.parse("wait_for_work"), std::string("line 1: 'wait_for_work': ") + types);
  EXPECT_EQ(suppressions.parse("leak:^*$"),
            "line 1: 'leak:^*$': the pattern is empty, or matches everything");
  EXPECT_NE(suppressions.parse("leak:"), std::nullopt);
}

TEST(Suppressions, CountWhatMatched) {
  Suppressions suppressions;
  EXPECT_EQ(suppressions.parse("leak:elsewhere\nleak:pool\nleak:server\ndeadlock:pool"),
            std::nullopt);
  EXPECT_NE(suppressions.match(SuppressionType::kLeak, leak()), nullptr);
  EXPECT_NE(suppressions.match(SuppressionType::kLeak, leak()), nullptr);
  EXPECT_NE(suppressions.match(SuppressionType::kDeadlock, leak()), nullptr);
  const std::vector<Document::Suppression>& all = suppressions.all();
  EXPECT_EQ(all[0].matches, 0u);
  EXPECT_EQ(all[1].matches, 2u);
  EXPECT_EQ(all[2].matches, 0u) << "the first one that matches counts";
  EXPECT_EQ(all[3].matches, 1u);
}

TEST(Suppressions, OfEveryKindByFiberCreationOrFingerprint) {
  Report report = leak();
  report.waiters[0].fiber.name = "worker 3";
  report.fingerprint = "0123456789abcdef";
  for (const SuppressionType type : {SuppressionType::kRace, SuppressionType::kLeak}) {
    EXPECT_TRUE(suppressed("fiber:^worker *$", type, report));
    EXPECT_FALSE(suppressed("fiber:^reader", type, report));
    EXPECT_TRUE(suppressed("created:Server::start", type, report));
    EXPECT_FALSE(suppressed("created:wait_for_work", type, report)) << "where it waits";
    EXPECT_TRUE(suppressed("fingerprint:0123456789abcdef", type, report));
    EXPECT_FALSE(suppressed("fingerprint:0123456789", type, report)) << "not a part of it";
  }
}

TEST(Suppressions, CommentsSayWhyAndHowLong) {
  Suppressions suppressions;
  ASSERT_EQ(suppressions.parse(
                "# reason: known, see 17\n# expires: 2031-01-31\nleak:pool\n# more\nleak:a\n"
                "\nleak:server",
                "file", "2031-01-31"),
            std::nullopt);
  const std::vector<Document::Suppression>& all = suppressions.all();
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0].reason, "known, see 17");
  EXPECT_EQ(all[0].expires, "2031-01-31");
  EXPECT_EQ(all[0].file, "file");
  EXPECT_EQ(all[1].reason, "known, see 17") << "up to an empty line";
  EXPECT_EQ(all[2].reason + all[2].expires, "");
  EXPECT_EQ(suppressions.match(SuppressionType::kLeak, leak()), &all[0]) << "its last day";
}

TEST(Suppressions, WhatExpiredSuppressesNothing) {
  Suppressions suppressions;
  ASSERT_EQ(suppressions.parse("# expires: 2031-01-31\nleak:pool", "", "2031-02-01"), std::nullopt);
  EXPECT_TRUE(suppressions.all()[0].expired);
  EXPECT_EQ(suppressions.match(SuppressionType::kLeak, leak()), nullptr);
}

TEST(Suppressions, ADayThatIsNoneIsAnError) {
  for (const char* day : {"2031-13-01", "2031-00-10", "2031-1-1", "31.1.2031", "soon", ""}) {
    Suppressions suppressions;
    EXPECT_EQ(suppressions.parse(std::string("\n# expires: ") + day + "\nleak:a"),
              "line 2: '" + std::string(day) + "' is no day: expected # expires: YYYY-MM-DD");
  }
}

}  // namespace
}  // namespace fibersan
