#include "runtime/observe/trace_text.h"

#include <charconv>
#include <cstring>
#include <iterator>
#include <string_view>

#include "runtime/observe/wait_reason.h"

namespace fiber::internal {
namespace {

struct Kind {
  std::string_view text;
  std::string_view argument;
};
constexpr Kind kKinds[] = {
#define FIBER_TRACE_KIND(id, text, argument) {text, argument},
#include "runtime/observe/trace_kinds.def"
#undef FIBER_TRACE_KIND
};

class Writer {
 public:
  explicit Writer(char* at) : at_(at) {}
  char* end() const { return at_; }

  Writer& operator<<(std::string_view text) {
    std::memcpy(at_, text.data(), text.size());
    at_ += text.size();
    return *this;
  }
  Writer& operator<<(uint64_t number) {
    at_ = std::to_chars(at_, at_ + 24, number).ptr;
    return *this;
  }
  // Nanoseconds as the microseconds that the format counts in.
  Writer& time(uint64_t nanoseconds) {
    *this << nanoseconds / 1000;
    const uint64_t rest = nanoseconds % 1000;
    *at_++ = '.';
    *at_++ = static_cast<char>('0' + rest / 100);
    *at_++ = static_cast<char>('0' + rest / 10 % 10);
    *at_++ = static_cast<char>('0' + rest % 10);
    return *this;
  }
  // Inside quotation marks. Bytes that are no ASCII are left out: a cut name may end in the
  // middle of a character.
  Writer& quoted(std::string_view text) {
    for (const char c : text) {
      if (c < ' ' || c == 0x7f) continue;
      if (c == '"' || c == '\\') *at_++ = '\\';
      *at_++ = c;
    }
    return *this;
  }
  Writer& place(TraceTrack track) {
    const bool thread = track >= kThreadTracks;
    return *this << (thread ? ",\"pid\":2,\"tid\":" : ",\"pid\":1,\"tid\":")
                 << uint64_t{thread ? track - kThreadTracks : track};
  }

 private:
  char* at_;
};

void write_span(Writer& out, const TraceRecord& record, uint64_t start) {
  const Kind& kind = kKinds[record.kind];
  const bool moment = record.shape == TraceShape::kMoment;
  out << ",\n{\"name\":\"" << kind.text
      << (moment ? "\",\"cat\":\"scheduler\",\"ph\":\"i\",\"s\":\"t\",\"ts\":"
                 : "\",\"cat\":\"scheduler\",\"ph\":\"X\",\"ts\":");
  out.time(record.begin - start);
  if (!moment) (out << ",\"dur\":").time(record.end - record.begin);
  out.place(record.track);
  if (!kind.argument.empty())
    out << ",\"args\":{\"" << kind.argument << "\":" << record.argument << "}";
  out << "}";
}

void write_slice(Writer& out, const TraceRecord& slice, uint64_t start) {
  out << ",\n{\"name\":\"fiber " << slice.argument;
  if (slice.name[0] != '\0') (out << " '").quoted(slice.name) << "'";
  out << "\",\"cat\":\"fiber\",\"ph\":\"X\",\"ts\":";
  out.time(slice.begin - start) << ",\"dur\":";
  out.time(slice.end - slice.begin).place(slice.track);
  out << ",\"args\":{\"fiber\":" << slice.argument << ",\"then\":\"" << slice_end_text(slice.kind)
      << "\"}}";
}

// An arrow needs a slice at both ends. A waker that is no fiber and no processor gets one.
void write_arrow(Writer& out, const TraceRecord& slice, uint64_t start, uint64_t flow) {
  if (slice.woken_from >= kThreadTracks) {
    out << ",\n{\"name\":\"wake\",\"cat\":\"scheduler\",\"ph\":\"X\",\"ts\":";
    out.time(slice.woken_at - start) << ",\"dur\":0.000";
    out.place(slice.woken_from) << "}";
  }
  out << ",\n{\"name\":\"wake\",\"cat\":\"wake\",\"ph\":\"s\",\"id\":" << flow << ",\"ts\":";
  out.time(slice.woken_at - start).place(slice.woken_from)
      << "},\n{\"name\":\"wake\",\"cat\":\"wake\",\"ph\":\"f\",\"bp\":\"e\",\"id\":" << flow
      << ",\"ts\":";
  out.time(slice.begin - start).place(slice.track) << "}";
}

}  // namespace

char* write_trace_record(char* text, const TraceRecord& record, uint64_t start, uint64_t flow) {
  Writer out(text);
  if (record.shape == TraceShape::kSlice) {
    write_slice(out, record, start);
    if (record.woken_from != kNoTrack && record.woken_at >= start)
      write_arrow(out, record, start, flow);
  } else {
    write_span(out, record, start);
  }
  return out.end();
}

std::string trace_track_name(TraceTrack track) {
  char text[256];
  Writer out(text);
  const bool thread = track >= kThreadTracks;
  out << ",\n{\"name\":\"thread_name\",\"ph\":\"M\"";
  out.place(track) << ",\"args\":{\"name\":\"" << (thread ? "thread " : "processor ")
                   << uint64_t{thread ? track - kThreadTracks : track} << "\"}}";
  return std::string(text, out.end());
}

}  // namespace fiber::internal
