#include "detector/report/render/timeline.h"

#include <gtest/gtest.h>

#include "detector/report/render_text.h"
#include "tests/unit/render/samples.h"

namespace fibersan {
namespace {

std::vector<std::string> texts_of(const Timeline& timeline) {
  std::vector<std::string> texts;
  for (const Timeline::Event& event : timeline.events) {
    texts.push_back(std::to_string(event.column) + ": " +
                    render_fiber(timeline.lanes[event.lane].fiber) + " " + event.text +
                    (event.from ? " by " + render_fiber(timeline.lanes[*event.from].fiber) : ""));
  }
  return texts;
}

TEST(Timeline, CreationsThenAccessesTheOldestFirst) {
  const Document document = samples::bank("/src");
  const Timeline timeline = timeline_of(document.findings[0]);
  EXPECT_EQ(texts_of(timeline),
            (std::vector<std::string>{
                "0: fiber 1 created by main thread", "1: fiber 7 'teller' created by fiber 1",
                "2: fiber 8 created by fiber 1", "3: fiber 8 read", "4: fiber 7 'teller' write"}));
  EXPECT_EQ(timeline.columns, 5u);
  ASSERT_EQ(timeline.lanes.size(), 4u);
  EXPECT_EQ(timeline.lanes[2].end, Timeline::Lane::End::kRunning);
  EXPECT_EQ(timeline.lanes[3].end, Timeline::Lane::End::kFinished);
}

TEST(Timeline, LocksOfDifferentFibersAreNotOrdered) {
  const Document document = samples::bank("/src");
  EXPECT_EQ(
      texts_of(timeline_of(document.findings[2])),
      (std::vector<std::string>{"0: fiber 3 created by fiber 1", "1: fiber 4 created by fiber 1",
                                "2: fiber 3 locks M1", "3: fiber 3 then M2", "2: fiber 4 locks M2",
                                "3: fiber 4 then M1"}));
}

TEST(Timeline, WaitsSayForHowLong) {
  const Document document = samples::bank("/src");
  const auto texts = texts_of(timeline_of(document.findings[1]));
  EXPECT_EQ(texts[2], "2: fiber 3 mutex lock, for 3.0 s");
  EXPECT_EQ(texts[4], "2: fiber 20 chan send, 12 fibers");
}

TEST(Timeline, OthersComeBeforeTheMisuse) {
  const Document document = samples::bank("/src");
  EXPECT_EQ(texts_of(timeline_of(document.findings[3])),
            (std::vector<std::string>{"0: fiber 10 closed", "1: fiber 9 operation"}));
}

TEST(Timeline, ManyFibersAreCounted) {
  Report report;
  for (uint64_t id = 1; id <= Timeline::kMostLanes + 5; ++id) {
    report.waiters.emplace_back();
    report.waiters.back().fiber = {FiberName::Kind::kFiber, id, ""};
  }
  const Timeline timeline = timeline_of(report);
  EXPECT_EQ(timeline.lanes.size(), Timeline::kMostLanes);
  EXPECT_EQ(timeline.left_out, 5u);
}

}  // namespace
}  // namespace fibersan
