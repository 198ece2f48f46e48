// line_reader.h: a stream as lines.
#ifndef EXAMPLES_NET_LINE_READER_H
#define EXAMPLES_NET_LINE_READER_H

#include <fiber/net.h>

#include <optional>
#include <string>
#include <system_error>

namespace net {

class LineReader {
 public:
  // A longer line throws std::system_error (message_size).
  LineReader(fiber::Stream& stream, size_t longest) : stream_(stream), longest_(longest) {}

  // Without its end, "\n" or "\r\n"; nullopt at the end of the stream, where an unfinished line
  // is dropped.
  std::optional<std::string> next() {
    size_t end = 0;
    while ((end = buffer_.find('\n')) == std::string::npos) {
      if (buffer_.size() > longest_)
        throw std::system_error(make_error_code(std::errc::message_size));
      char bytes[512];
      const size_t size = stream_.read(bytes, sizeof(bytes));
      if (size == 0) return std::nullopt;
      buffer_.append(bytes, size);
    }
    std::string line = buffer_.substr(0, end);
    buffer_.erase(0, end + 1);
    if (line.ends_with('\r')) line.pop_back();
    return line;
  }

 private:
  fiber::Stream& stream_;
  size_t longest_;
  std::string buffer_;
};

}  // namespace net

#endif  // EXAMPLES_NET_LINE_READER_H
