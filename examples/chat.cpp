// chat [HOST:PORT]: a chat room, until SIGTERM. The first line that a client sends is its name,
// each other one goes to everybody; "/who" lists the names, "/quit" leaves.
//
// One fiber owns the room and hears of everything through channels, so that nothing has to be
// locked; each client has a fiber that reads and one that writes. The room never waits for a
// client: one that does not read its lines is put out.
//
// RUN: %fiber -O2 %s -o %t.plain && %python %top/tests/clients/chat.py %t.plain
// RUN: %fibersan %s -o %t && %python %top/tests/clients/chat.py %t
#include <fiber/fiber.h>
#include <fiber/net.h>

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

#include "net/line_reader.h"
#include "net/server.h"

using namespace std::chrono_literals;

constexpr size_t kUnreadLines = 256;  // of one client, before it is put out
constexpr size_t kLongestLine = 1024;

using Lines = fiber::Channel<std::string>;

struct Join {
  std::string name;
  Lines lines;
  fiber::Channel<bool> accepted;
};

struct Said {
  std::string name;
  std::string text;
};

class Room {
 public:
  fiber::Channel<Join> join;
  fiber::Channel<Said> say;
  fiber::Channel<std::string> leave;
  fiber::Channel<bool> end;

  void run() {
    for (bool open = true; open;) {
      fiber::select(fiber::on_receive(join, [&](std::optional<Join> who) { enter(*who); }),
                    fiber::on_receive(say, [&](std::optional<Said> said) { hear(*said); }),
                    fiber::on_receive(leave, [&](std::optional<std::string> name) { gone(*name); }),
                    fiber::on_receive(end, [&](std::optional<bool>) { open = false; }));
    }
  }

 private:
  void enter(const Join& who) {
    const bool is_new = members_.emplace(who.name, who.lines).second;
    who.accepted.send(is_new);
    if (is_new) tell_all("* " + who.name + " joined\n");
  }

  void hear(const Said& said) {
    if (said.text != "/who") {
      tell_all(said.name + ": " + said.text + "\n");
      return;
    }
    std::string names = "*";
    for (const auto& [name, lines] : members_) names += " " + name;
    const auto asker = members_.find(said.name);
    if (asker != members_.end()) tell(asker, names + "\n");
  }

  void gone(const std::string& name) {
    const auto member = members_.find(name);
    if (member == members_.end()) return;  // put out before
    member->second.close();
    members_.erase(member);
    tell_all("* " + name + " left\n");
  }

  using Members = std::map<std::string, Lines>;

  // Returns the next member; this one is out when it has not read for too long.
  Members::iterator tell(Members::iterator member, const std::string& line) {
    if (member->second.try_send(line)) return std::next(member);
    member->second.close();
    return members_.erase(member);
  }

  void tell_all(const std::string& line) {
    for (auto member = members_.begin(); member != members_.end();) member = tell(member, line);
  }

  Members members_;
};

// Until the room closes the lines or the client is gone; then the reader ends too.
void write_lines(fiber::TcpStream& stream, const Lines& lines) {
  std::error_code error;
  for (const std::string& line : lines) {
    stream.set_write_deadline(5s);
    stream.write(line, error);
    if (error) break;
  }
  std::error_code ignored;
  stream.close_write(ignored);
  stream.close_read(ignored);
}

void serve(Room& room, fiber::TcpStream& stream) {
  net::LineReader reader(stream, kLongestLine);
  const std::optional<std::string> name = reader.next();
  if (!name || name->empty()) return;
  const Lines lines(kUnreadLines);
  const fiber::Channel<bool> accepted(1);
  room.join.send({*name, lines, accepted});
  if (!*accepted.receive()) {
    stream.write("* this name is taken\n");
    return;
  }
  auto writer = fiber::spawn([&] { write_lines(stream, lines); });
  try {
    for (auto line = reader.next(); line && *line != "/quit"; line = reader.next())
      room.say.send({*name, std::move(*line)});
  } catch (const std::system_error&) {  // gone
  }
  room.leave.send(*name);
  writer.join();
}

int main(int argc, char** argv) {
  const server::StopSignals signals;
  return fiber::run([&] {
    Room room;
    auto owner = fiber::spawn({.name = "room"}, [&] { room.run(); });
    server::serve_until_stopped(signals, argc > 1 ? argv[1] : "127.0.0.1:0",
                                [&](fiber::TcpStream& stream) { serve(room, stream); });
    room.end.close();
    owner.join();
  });
}
