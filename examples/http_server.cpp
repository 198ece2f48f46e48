// http_server [--timeout-ms=N] DIRECTORY [HOST:PORT]: serves the files of a directory by
// HTTP/1.1, until SIGTERM.
//
// GET and HEAD, keep-alive and pipelining, one range of bytes, index.html or a listing. A client
// has the time-out for each request's head and for taking each part of an answer. What is
// refused, and how, is in http/request.h. Symbolic links are followed, also out of the directory.
//
// RUN: %fiber -O2 %s -o %t.plain && %python %top/tests/clients/http.py %t.plain
// RUN: %fibersan %s -o %t && %python %top/tests/clients/http.py %t
#include <dirent.h>
#include <fcntl.h>
#include <fiber/fiber.h>
#include <fiber/net.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <set>
#include <string>
#include <string_view>
#include <system_error>

#include "http/path.h"
#include "http/request.h"
#include "http/response.h"
#include "net/server.h"

using namespace std::chrono_literals;

constexpr size_t kSmallFile = 64 * 1024;  // sent together with its head, in one write
constexpr uint64_t kPart = 1 << 20;       // of a large file, for each time-out

class File {
 public:
  File(int directory, const std::string& path)
      : descriptor_(openat(directory, path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {
    if (descriptor_ >= 0 && fstat(descriptor_, &status_) != 0) status_ = {};
  }
  ~File() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  int descriptor() const { return descriptor_; }
  bool is_directory() const { return descriptor_ >= 0 && S_ISDIR(status_.st_mode); }
  bool is_regular() const { return descriptor_ >= 0 && S_ISREG(status_.st_mode); }
  uint64_t size() const { return static_cast<uint64_t>(status_.st_size); }
  time_t changed() const { return status_.st_mtime; }

 private:
  int descriptor_;
  struct stat status_ = {};
};

class Connection {
 public:
  Connection(fiber::TcpStream& stream, int root, std::chrono::milliseconds timeout)
      : stream_(stream), root_(root), timeout_(timeout) {}

  void serve() {
    bool open = true;
    while (open) {
      const int status = receive();
      if (status == 0) return;
      if (status == 200) {
        open = request_.keep_alive() && request_.body_size() == 0;
        answer(open);
      } else {
        open = false;
        refuse(status, false);
      }
    }
    linger();
  }

 private:
  // The next request into request_. Returns the status to refuse it with, 0 when the client has
  // ended or stays silent between requests.
  int receive() {
    stream_.set_read_deadline(timeout_);  // for all of the head, however slowly it drips
    for (;;) {
      const http::Parsed parsed = http::parse(input_, {}, request_);
      if (parsed.status != 0) {
        input_.erase(0, parsed.size);
        return parsed.status;
      }
      char bytes[4096];
      std::error_code error;
      const size_t size = stream_.read(bytes, sizeof(bytes), error);
      if (error == fiber::NetError::kDeadlineExceeded && !input_.empty()) return 408;
      if (error || size == 0) return 0;
      input_.append(bytes, size);
    }
  }

  bool is_head() const { return request_.method == "HEAD"; }

  void send(http::Head& head, std::string_view body, bool keep_alive) {
    head.add("Content-Length", std::to_string(body.size()));
    const std::string text = head.finished(keep_alive);
    stream_.set_write_deadline(timeout_);
    stream_.writev({{text.data(), text.size()}, {body.data(), is_head() ? 0 : body.size()}});
  }

  void refuse(int status, bool keep_alive) {
    http::Head head(status);
    head.add("Content-Type", "text/plain; charset=utf-8");
    if (status == 405) head.add("Allow", "GET, HEAD");
    send(head, std::string(http::reason(status)) + "\n", keep_alive);
  }

  void answer(bool keep_alive) {
    const auto path = http::path_of(request_.target);
    if (request_.method != "GET" && !is_head()) return refuse(405, keep_alive);
    if (!path) return refuse(400, keep_alive);
    const std::string below = "." + *path;
    const File file(root_, below);
    if (file.is_directory()) return answer_directory(*path, below, keep_alive);
    if (!file.is_regular()) return refuse(404, keep_alive);
    answer_file(*path, file, keep_alive);
  }

  void answer_directory(const std::string& path, const std::string& below, bool keep_alive) {
    if (!path.ends_with('/')) {  // or relative links would be wrong
      http::Head head(301);
      head.add("Location", http::percent_encoded(path) + "/");
      return send(head, "", keep_alive);
    }
    const File index(root_, below + "index.html");
    if (index.is_regular()) return answer_file("index.html", index, keep_alive);
    http::Head head(200);
    head.add("Content-Type", "text/html; charset=utf-8");
    send(head, listing(path, below), keep_alive);
  }

  std::string listing(const std::string& path, const std::string& below) const {
    std::set<std::string> names;
    const int descriptor = openat(root_, below.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR* directory = descriptor < 0 ? nullptr : fdopendir(descriptor);
    if (directory != nullptr) {
      while (const dirent* entry = readdir(directory))
        if (entry->d_name[0] != '.')
          names.insert(std::string(entry->d_name) + (entry->d_type == DT_DIR ? "/" : ""));
      closedir(directory);
    }
    std::string html = "<!DOCTYPE html><title>" + http::html_escaped(path) + "</title><ul>\n";
    for (const std::string& name : names)
      html.append("<li><a href=\"./" + http::percent_encoded(name) + "\">")
          .append(http::html_escaped(name) + "</a>\n");
    return html + "</ul>\n";
  }

  void answer_file(std::string_view path, const File& file, bool keep_alive) {
    const std::string changed = http::http_date(file.changed());
    if (request_.header("If-Modified-Since") == changed) {
      http::Head head(304);
      return write(head.finished(keep_alive));
    }
    const auto wanted = http::range_of(request_.header("Range").value_or(""), file.size());
    const http::Range range = wanted.value_or(http::Range{0, file.size()});
    const std::string size = std::to_string(file.size());
    if (wanted && range.size == 0) {
      http::Head head(416);
      return send(head.add("Content-Range", "bytes */" + size), "", keep_alive);
    }
    http::Head head(wanted ? 206 : 200);
    head.add("Content-Type", http::content_type(path)).add("Last-Modified", changed);
    head.add("Accept-Ranges", "bytes");
    if (wanted)
      head.add("Content-Range", "bytes " + std::to_string(range.begin) + "-" +
                                    std::to_string(range.begin + range.size - 1) + "/" + size);
    send_range(head, file, range, keep_alive);
  }

  void send_range(http::Head& head, const File& file, http::Range range, bool keep_alive) {
    if (range.size <= kSmallFile && !is_head()) {
      std::string content(range.size, '\0');
      const ssize_t size =
          pread(file.descriptor(), content.data(), content.size(), static_cast<off_t>(range.begin));
      content.resize(size < 0 ? 0 : static_cast<size_t>(size));
      return send(head, content, keep_alive);
    }
    head.add("Content-Length", std::to_string(range.size));
    write(head.finished(keep_alive));
    while (range.size != 0 && !is_head()) {
      stream_.set_write_deadline(timeout_);
      const size_t sent =
          stream_.send_file(file.descriptor(), range.begin, std::min(range.size, kPart));
      // The file has become shorter: only the end of the connection can tell.
      if (sent == 0) throw std::system_error(make_error_code(std::errc::io_error));
      range.begin += sent;
      range.size -= sent;
    }
  }

  void write(const std::string& text) {
    stream_.set_write_deadline(timeout_);
    stream_.write(text);
  }

  // Closing with something unread would reset the connection, and the client might never see
  // the answer: read on until it has closed too, or for a second.
  void linger() {
    std::error_code error;
    stream_.close_write(error);
    stream_.set_read_deadline(1s);
    char bytes[4096];
    while (!error && stream_.read(bytes, sizeof(bytes), error) != 0) {
    }
  }

  fiber::TcpStream& stream_;
  int root_;
  std::chrono::milliseconds timeout_;
  std::string input_;  // received and not yet parsed
  http::Request request_;
};

int main(int argc, char** argv) {
  constexpr std::string_view kTimeout = "--timeout-ms=";
  std::chrono::milliseconds timeout = 15s;
  int next = 1;
  if (argc > 1 && std::string_view(argv[1]).starts_with(kTimeout)) {
    timeout = std::chrono::milliseconds(std::atol(argv[1] + kTimeout.size()));
    ++next;
  }
  if (next >= argc || timeout <= 0ms) {
    std::fprintf(stderr, "usage: http_server [--timeout-ms=N] DIRECTORY [HOST:PORT]\n");
    return 2;
  }
  const int root = open(argv[next], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (root < 0) {
    std::perror(argv[next]);
    return 1;
  }
  const std::string address = next + 1 < argc ? argv[next + 1] : "127.0.0.1:0";
  const server::StopSignals signals;
  return fiber::run([&] {
    server::serve_until_stopped(signals, address, [&](fiber::TcpStream& stream) {
      Connection(stream, root, timeout).serve();
    });
  });
}
