// Which frame of a stack an address lies in, with a stack made by hand.
#include "detector/findings/frame_place.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

namespace fibersan {
namespace {

constexpr uintptr_t kCode = 0x5555'0000;

// Words that end with the outermost of three frames, at words 20, 40 and 60.
class StackOfThree : public testing::Test {
 protected:
  StackOfThree() {
    words_.fill(0);
    frame(20, at(40), kCode + 1);
    frame(40, at(60), kCode + 2);
    frame(60, 0, 0);
  }
  void frame(size_t word, uintptr_t caller, uintptr_t return_address) {
    words_[word] = caller;
    words_[word + 1] = return_address;
  }
  uintptr_t at(size_t word) const { return reinterpret_cast<uintptr_t>(&words_[word]); }
  StackBounds bounds() const { return {at(0), at(64)}; }

  alignas(16) std::array<uintptr_t, 64> words_;
};

TEST_F(StackOfThree, LocalsLieBelowTheirFramePointer) {
  for (const size_t word : {25, 33, 39}) {
    const FramePlace place = find_frame_by_chain(bounds(), at(word));
    EXPECT_EQ(place.frame_pointer, at(40)) << word;
    EXPECT_EQ(place.pc, kCode + 1) << "returns into the function with that frame";
    EXPECT_EQ(place.returns_to, kCode + 2);
  }
  const FramePlace innermost = find_frame_by_chain(bounds(), at(10));
  EXPECT_EQ(innermost.frame_pointer, at(20));
  EXPECT_EQ(innermost.pc, 0u) << "it has called nobody";
}

// Data that looks like a frame is no part of a chain to the end.
TEST_F(StackOfThree, DataIsNoFrame) {
  frame(30, at(36), kCode);
  frame(36, at(34), kCode);
  frame(32, at(63), kCode);
  EXPECT_EQ(find_frame_by_chain(bounds(), at(25)).frame_pointer, at(40));
  frame(60, 12345, kCode);
  EXPECT_EQ(find_frame_by_chain(bounds(), at(25)).frame_pointer, 0u) << "no end, no chain";
}

TEST_F(StackOfThree, AKnownInnermostFrameIsFollowed) {
  const void* const frame = &words_[20];
  EXPECT_EQ(find_frame(frame, kCode, bounds(), at(30)).frame_pointer, at(40));
  EXPECT_EQ(find_frame(frame, kCode, bounds(), at(30)).pc, kCode);
  EXPECT_EQ(find_frame(frame, kCode, bounds(), at(50)).pc, kCode + 2);
  EXPECT_EQ(find_frame(frame, kCode, bounds(), at(62)).frame_pointer, 0u);
}

TEST(CalledFunction, IsWhatTheCallNames) {
  alignas(16) const unsigned char direct[] = {0x90, 0xe8, 0x10, 0, 0, 0, 0x90};
  const auto behind = reinterpret_cast<uintptr_t>(direct + 6);
  EXPECT_EQ(called_function(behind), behind + 16);
  const unsigned char backwards[] = {0xe8, 0xf0, 0xff, 0xff, 0xff};
  const auto end = reinterpret_cast<uintptr_t>(backwards + 5);
  EXPECT_EQ(called_function(end), end - 16);
  EXPECT_EQ(called_function(behind - 1), 0u);
}

}  // namespace
}  // namespace fibersan
