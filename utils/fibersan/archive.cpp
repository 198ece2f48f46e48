#include "utils/fibersan/archive.h"

#include <algorithm>
#include <charconv>
#include <cstdint>

#include "utils/fibersan/elf_notes.h"

namespace fibersan::command {
namespace {

constexpr std::string_view kArchive = "!<arch>\n";
constexpr std::string_view kThin = "!<thin>\n";
constexpr const char* kCutArchive =
    "is an archive that is cut off or damaged; build or copy it again";

// Fields of the header that stands before each member, and how long they are.
constexpr size_t kHeader = 60, kNameLength = 16, kSizeAt = 48, kSizeLength = 10;
constexpr std::string_view kHeaderEnd = "`\n";

uint64_t number(std::string_view digits) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || digits.find_first_not_of(' ', end - digits.data()) != digits.npos)
    throw BadBinary(kCutArchive);
  return value;
}

std::string_view without_blanks(std::string_view text) {
  const size_t last = text.find_last_not_of(' ');
  return last == std::string_view::npos ? std::string_view() : text.substr(0, last + 1);
}

// "/15" is the name at 15 of the table "//", where it ends in "/\n".
std::string long_name(std::string_view names, uint64_t at) {
  if (at >= names.size()) throw BadBinary(kCutArchive);
  std::string_view name = names.substr(at);
  name = name.substr(0, name.find('\n'));
  if (name.ends_with('/')) name.remove_suffix(1);
  return std::string(name);
}

bool is_symbol_table(std::string_view name) {
  return name == "/" || name == "/SYM64/" || name.starts_with("__.SYMDEF");
}

struct Header {
  std::string_view name;
  uint64_t size = 0;
};

Header take_header(std::string_view& rest) {
  if (rest.size() < kHeader || rest.substr(kHeader - 2, 2) != kHeaderEnd)
    throw BadBinary(kCutArchive);
  const Header header = {without_blanks(rest.substr(0, kNameLength)),
                         number(rest.substr(kSizeAt, kSizeLength))};
  rest.remove_prefix(kHeader);
  return header;
}

std::string_view take_content(std::string_view& rest, uint64_t size) {
  if (size > rest.size()) throw BadBinary(kCutArchive);
  const std::string_view content = rest.substr(0, size);
  rest.remove_prefix(std::min<uint64_t>(size + size % 2, rest.size()));
  return content;
}

}  // namespace

bool is_archive(std::string_view file) {
  return file.starts_with(kArchive) || file.starts_with(kThin);
}

std::vector<ArchiveMember> archive_members(std::string_view file) {
  const bool thin = file.starts_with(kThin);
  std::string_view rest = file.substr(kArchive.size());
  std::string_view names;
  std::vector<ArchiveMember> members;
  while (!rest.empty()) {
    const Header header = take_header(rest);
    if (header.name == "//") {
      names = take_content(rest, header.size);
      continue;
    }
    if (is_symbol_table(header.name)) {
      take_content(rest, header.size);
      continue;
    }
    ArchiveMember member;
    member.is_elsewhere = thin;
    if (!thin) member.content = take_content(rest, header.size);
    if (header.name.starts_with("#1/")) {  // BSD: the name stands before the content
      const uint64_t length = number(header.name.substr(3));
      if (length > member.content.size()) throw BadBinary(kCutArchive);
      member.name = member.content.substr(0, length);
      member.name.resize(member.name.find_last_not_of('\0') + 1);
      member.content.remove_prefix(length);
      if (is_symbol_table(member.name)) continue;
    } else if (header.name.starts_with('/')) {
      member.name = long_name(names, number(header.name.substr(1)));
    } else {
      member.name =
          header.name.ends_with('/') ? header.name.substr(0, header.name.size() - 1) : header.name;
    }
    members.push_back(member);
  }
  return members;
}

}  // namespace fibersan::command
