// The checker of histories itself: right ones pass, and each broken rule is found.
#include "history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace {

using channel_model::check_history;
using channel_model::Event;
using testing::HasSubstr;

TEST(ChannelHistory, RightOnesPass) {
  EXPECT_EQ(check_history({{Event::kSent, 1, 1, 2},
                           {Event::kSent, 2, 3, 9},
                           {Event::kFull, 3, 4, 5},
                           {Event::kReceived, 1, 6, 7},
                           {Event::kReceived, 2, 8, 10},
                           {Event::kEmpty, 0, 11, 12},
                           {Event::kClosed, 0, 13, 14},
                           {Event::kRefused, 4, 13, 15},
                           {Event::kDrained, 0, 15, 16},
                           {Event::kClosedAgain, 0, 15, 16}},
                          1),
            "");
  // Overlapping ones may have happened in either order.
  EXPECT_EQ(check_history({{Event::kSent, 1, 1, 4},
                           {Event::kSent, 2, 2, 3},
                           {Event::kReceived, 2, 5, 6},
                           {Event::kReceived, 1, 7, 8}},
                          2),
            "");
}

TEST(ChannelHistory, BrokenOnesAreFound) {
  const Event sent{Event::kSent, 1, 1, 2};
  const Event received{Event::kReceived, 1, 5, 6};
  EXPECT_THAT(check_history({sent}, 1), HasSubstr("lost"));
  EXPECT_THAT(check_history({received}, 1), HasSubstr("from nowhere"));
  EXPECT_THAT(check_history({sent, received, {Event::kReceived, 1, 7, 8}}, 1), HasSubstr("twice"));
  EXPECT_THAT(check_history({{Event::kSent, 1, 7, 8}, received}, 1), HasSubstr("before"));
  EXPECT_THAT(check_history({sent, received}, 0), HasSubstr("values inside"));
  EXPECT_THAT(
      check_history({sent, received, {Event::kSent, 2, 3, 4}, {Event::kReceived, 2, 3, 4}}, 2),
      HasSubstr("out of order"));
  EXPECT_THAT(check_history({sent, received, {Event::kEmpty, 0, 3, 4}}, 1),
              HasSubstr("inside was"));
  EXPECT_THAT(check_history({sent, received, {Event::kNothing, 0, 3, 4}}, 1),
              HasSubstr("inside was"));
  EXPECT_THAT(check_history({sent, received, {Event::kFull, 2, 3, 4}}, 2), HasSubstr("at most 1"));
  const Event closed{Event::kClosed, 0, 7, 8};
  EXPECT_THAT(check_history({closed, closed}, 1), HasSubstr("closed twice"));
  EXPECT_THAT(check_history({closed, {Event::kEmpty, 0, 9, 10}}, 1), HasSubstr("and yet"));
  EXPECT_THAT(check_history({closed, {Event::kRefused, 2, 3, 4}}, 1), HasSubstr("without a close"));
  EXPECT_THAT(check_history({{Event::kDrained, 2, 3, 4}}, 1), HasSubstr("without a close"));
  EXPECT_THAT(check_history({closed, {Event::kSent, 2, 9, 10}, {Event::kReceived, 2, 9, 10}}, 1),
              HasSubstr("after close"));
}

}  // namespace
