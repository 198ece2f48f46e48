// The text of trace events, and a trace file that is complete at every moment.
#include "runtime/observe/trace.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>

#include <unistd.h>

#include "runtime/observe/trace_buffer.h"
#include "runtime/observe/trace_file.h"
#include "runtime/observe/trace_text.h"
#include "runtime/observe/wait_reason.h"

namespace fiber::internal {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::string text_of(const TraceRecord& record) {
  char text[kLongestEvent];
  return std::string(text, write_trace_record(text, record, 1000, 77));
}

TEST(TraceText, AMoment) {
  TraceRecord record;
  record.begin = record.end = 4005;
  record.kind = static_cast<uint8_t>(TraceKind::kSteal);
  record.argument = 3;
  record.track = 2;
  EXPECT_EQ(text_of(record),
            ",\n{\"name\":\"steal\",\"cat\":\"scheduler\",\"ph\":\"i\",\"s\":\"t\",\"ts\":3.005,"
            "\"pid\":1,\"tid\":2,\"args\":{\"fibers\":3}}");
}

TEST(TraceText, ASliceWithItsArrow) {
  TraceRecord slice;
  slice.shape = TraceShape::kSlice;
  slice.begin = 2000;
  slice.end = 3500;
  slice.argument = 7;
  slice.kind = FSAN_WAIT_CHAN_SEND;
  slice.woken_at = 1500;
  slice.woken_from = 1;
  std::strcpy(slice.name, "a\"b\n");
  EXPECT_EQ(text_of(slice),
            ",\n{\"name\":\"fiber 7 'a\\\"b'\",\"cat\":\"fiber\",\"ph\":\"X\",\"ts\":1.000,"
            "\"dur\":1.500,\"pid\":1,\"tid\":0,\"args\":{\"fiber\":7,\"then\":\"chan send\"}}"
            ",\n{\"name\":\"wake\",\"cat\":\"wake\",\"ph\":\"s\",\"id\":77,\"ts\":0.500,\"pid\":1,"
            "\"tid\":1}"
            ",\n{\"name\":\"wake\",\"cat\":\"wake\",\"ph\":\"f\",\"bp\":\"e\",\"id\":77,"
            "\"ts\":1.000,\"pid\":1,\"tid\":0}");
}

TEST(TraceText, NoRecordIsLongerThanItsBound) {
  TraceRecord slice;
  slice.shape = TraceShape::kSlice;
  slice.begin = slice.end = slice.woken_at = slice.argument = UINT64_MAX;
  slice.woken_from = UINT32_MAX - 1;
  slice.track = UINT32_MAX;
  slice.kind = FSAN_WAIT_RWMUTEX_READ_LOCK;
  std::memset(slice.name, '"', sizeof(slice.name) - 1);
  EXPECT_LT(text_of(slice).size(), kLongestEvent);
}

struct TraceFileTest : testing::Test {
  TraceFileTest() {
    EXPECT_NE(mkdtemp(folder), nullptr);
    path = std::string(folder) + "/trace.json";
  }
  ~TraceFileTest() override {
    end_trace();
    unlink(path.c_str());
    rmdir(folder);
  }
  std::string contents() const {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  char folder[32] = "/tmp/fiber_trace_XXXXXX";
  std::string path;
};

constexpr const char* kEnd = "}\n],\"otherData\":{\"complete\":\"yes\"}}\n";

TEST_F(TraceFileTest, IsCompleteAfterEachBlock) {
  open_trace(path.c_str(), 1 << 20);
  EXPECT_THAT(contents(), EndsWith(kEnd));
  trace_event(TraceKind::kSteal, 5);
  EXPECT_THAT(contents(), Not(HasSubstr("steal")));
  TraceBuffer::flush_all();
  EXPECT_THAT(contents(), StartsWith("{\"displayTimeUnit\""));
  EXPECT_THAT(contents(), HasSubstr("\"name\":\"steal\""));
  EXPECT_THAT(contents(), EndsWith(kEnd));
  {
    TraceSpan span(TraceKind::kNetPoll);
    span.set_argument(9);
  }
  end_trace();
  EXPECT_THAT(contents(), HasSubstr("\"args\":{\"woken\":9}"));
  EXPECT_THAT(contents(), EndsWith(kEnd));
}

TEST_F(TraceFileTest, WritesWhatDoesNotFitIntoTheBuffer) {
  open_trace(path.c_str(), 64 << 20);
  for (uint64_t i = 0; i < 3 * TraceBuffer::kCapacity; ++i) trace_event(TraceKind::kSteal, i);
  end_trace();
  const std::string text = contents();
  size_t at = 0;
  for (uint64_t i = 0; i < 3 * TraceBuffer::kCapacity; ++i) {
    at = text.find("{\"fibers\":" + std::to_string(i) + "}", at);
    ASSERT_NE(at, std::string::npos) << i;
  }
}

TEST_F(TraceFileTest, SaysThatItsLimitWasReached) {
  open_trace(path.c_str(), 4096);
  testing::internal::CaptureStderr();
  for (int i = 0; i < 5000; ++i) trace_event(TraceKind::kSteal);
  EXPECT_FALSE(tracing());
  EXPECT_THAT(testing::internal::GetCapturedStderr(),
              HasSubstr("the limit of FIBER_OPTIONS=trace_mb was reached"));
  EXPECT_THAT(contents(), EndsWith("the limit of trace_mb was reached\"}}\n"));
  EXPECT_LT(contents().size(), 5000u);
}

TEST_F(TraceFileTest, AnOpenSliceIsCutOffAtTheEnd) {
  open_trace(path.c_str(), 1 << 20);
  TraceRecord slice;
  slice.shape = TraceShape::kSlice;
  slice.argument = 12;
  slice.begin = trace_start();
  TraceBuffer::mine().begin_slice(slice);
  end_trace();
  EXPECT_THAT(contents(), HasSubstr("\"name\":\"fiber 12\""));
  EXPECT_FALSE(TraceBuffer::mine().end_slice(slice));
}

TEST_F(TraceFileTest, NothingIsRecordedWhileTracingIsOff) {
  trace_event(TraceKind::kSteal, 123456);
  open_trace(path.c_str(), 1 << 20);
  end_trace();
  EXPECT_THAT(contents(), Not(HasSubstr("123456")));
}

TEST(TraceFileDeathTest, APathThatCannotBeWrittenEndsTheProgram) {
  EXPECT_EXIT(open_trace("/nonexistent/trace.json", 1), testing::ExitedWithCode(1),
              "FIBER_OPTIONS: trace: cannot write /nonexistent/trace.json: No such file");
  EXPECT_EXIT(open_trace("/dev/null", 1), testing::ExitedWithCode(1),
              "FIBER_OPTIONS: trace: /dev/null is no regular file");
}

}  // namespace
}  // namespace fiber::internal
