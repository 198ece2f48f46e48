#include "utils/fibersan/elf_notes.h"

#include <elf.h>

#include <algorithm>
#include <cstring>

#include "detector/abi/note.h"
#include "utils/fibersan/archive.h"

namespace fibersan::command {
namespace {

constexpr const char* kCutBinary =
    "is cut off: it ends before what its headers name; build or copy it again";

// `count` values of a table; BadBinary when they are not all there.
template <typename T>
std::vector<T> table(std::string_view file, uint64_t offset, uint64_t count) {
  if (offset > file.size() || count > (file.size() - offset) / sizeof(T))
    throw BadBinary(kCutBinary);
  std::vector<T> entries(count);
  if (count != 0) memcpy(entries.data(), file.data() + offset, count * sizeof(T));
  return entries;
}

std::string_view part(std::string_view file, uint64_t offset, uint64_t size) {
  if (offset > file.size() || size > file.size() - offset) throw BadBinary(kCutBinary);
  return file.substr(offset, size);
}

bool begins_with(std::string_view file, std::string_view magic) { return file.starts_with(magic); }

[[noreturn]] void refuse_other_kind(std::string_view file) {
  if (file.empty()) throw BadBinary("is empty; build or copy it again");
  if (begins_with(file, "BC\xC0\xDE") || begins_with(file, "\xDE\xC0\x17\x0B"))
    throw BadBinary(
        "is LLVM bitcode, made with -flto; check the program or library that it is linked into");
  if (begins_with(file, "#!"))
    throw BadBinary("is a script, not an ELF file; check the program that it starts");
  if (begins_with(file, "{") || begins_with(file, "=================="))
    throw BadBinary("is not an ELF file but reads as a report; 'fibersan report' shows those");
  throw BadBinary(
      "is not an ELF file; expected is a program, a shared library, an object file or an archive");
}

Elf64_Ehdr header_of(std::string_view file) {
  if (!begins_with(file, ELFMAG)) refuse_other_kind(file);
  if (file.size() < EI_NIDENT) throw BadBinary(kCutBinary);
  if (file[EI_CLASS] != ELFCLASS64 || file[EI_DATA] != ELFDATA2LSB)
    throw BadBinary("is for another machine; FiberSan instruments x86-64 code only");
  const Elf64_Ehdr header = table<Elf64_Ehdr>(file, 0, 1).front();
  if (header.e_machine != EM_X86_64)
    throw BadBinary("is for another machine; FiberSan instruments x86-64 code only");
  return header;
}

std::vector<Elf64_Shdr> sections_of(std::string_view file, const Elf64_Ehdr& header) {
  if (header.e_shoff == 0) return {};
  if (header.e_shentsize != sizeof(Elf64_Shdr)) throw BadBinary(kCutBinary);
  uint64_t count = header.e_shnum;
  if (count == 0) count = table<Elf64_Shdr>(file, header.e_shoff, 1).front().sh_size;
  return table<Elf64_Shdr>(file, header.e_shoff, count);
}

std::vector<Elf64_Phdr> segments_of(std::string_view file, const Elf64_Ehdr& header) {
  if (header.e_phoff == 0 || header.e_phnum == 0) return {};
  if (header.e_phentsize != sizeof(Elf64_Phdr)) throw BadBinary(kCutBinary);
  return table<Elf64_Phdr>(file, header.e_phoff, header.e_phnum);
}

constexpr uint64_t padded(uint64_t size, uint64_t alignment) {
  return (size + alignment - 1) / alignment * alignment;
}

// A text with its final zero, which is cut off from the front.
std::string take_text(std::string_view& description) {
  const size_t end = description.find('\0');
  if (end == std::string_view::npos) throw BadBinary("has a damaged " FSAN_NOTE_SECTION);
  std::string text(description.substr(0, end));
  description.remove_prefix(end + 1);
  return text;
}

InstrumentationNote note_of(uint32_t type, std::string_view description) {
  if (description.size() < sizeof(fsan_note)) throw BadBinary("has a damaged " FSAN_NOTE_SECTION);
  fsan_note fixed;
  memcpy(&fixed, description.data(), sizeof fixed);
  description.remove_prefix(sizeof fixed);
  InstrumentationNote note;
  note.type = type;
  note.abi_version = fixed.abi_version;
  note.functions = fixed.functions;
  note.version = take_text(description);
  note.options = take_text(description);
  return note;
}

// Ours among the notes of one section or segment.
void add_notes(std::string_view notes, uint64_t alignment,
               std::vector<InstrumentationNote>& found) {
  constexpr std::string_view kName(FSAN_NOTE_NAME, sizeof FSAN_NOTE_NAME);
  if (alignment != 8) alignment = 4;
  while (notes.size() >= sizeof(Elf64_Nhdr)) {
    Elf64_Nhdr header;
    memcpy(&header, notes.data(), sizeof header);
    const uint64_t description = padded(sizeof header + header.n_namesz, alignment);
    const uint64_t end = description + header.n_descsz;
    if (end > notes.size()) return;  // of another tool, which pads in its own way
    if (notes.substr(sizeof header, header.n_namesz) == kName)
      found.push_back(note_of(header.n_type, notes.substr(description, header.n_descsz)));
    notes.remove_prefix(std::min<uint64_t>(padded(end, alignment), notes.size()));
  }
}

bool is_executable(const std::vector<Elf64_Phdr>& segments) {
  for (const Elf64_Phdr& segment : segments) {
    if (segment.p_type == PT_INTERP) return true;
  }
  return false;
}

ObjectFile read_object(std::string_view file) {
  const Elf64_Ehdr header = header_of(file);
  const std::vector<Elf64_Phdr> segments = segments_of(file, header);
  const std::vector<Elf64_Shdr> sections = sections_of(file, header);
  ObjectFile object;
  switch (header.e_type) {
    case ET_REL:
      break;
    case ET_EXEC:
      object.kind = ObjectFile::Kind::kExecutable;
      break;
    case ET_DYN:
      object.kind = is_executable(segments) ? ObjectFile::Kind::kExecutable
                                            : ObjectFile::Kind::kSharedLibrary;
      break;
    case ET_CORE:
      throw BadBinary("is a core file; check the program that it came from");
    default:
      throw BadBinary("is an ELF file, but neither a program nor a library nor an object file");
  }
  for (const Elf64_Shdr& section : sections) {
    if (section.sh_type == SHT_NOBITS || section.sh_type == SHT_NULL) continue;
    const std::string_view content = part(file, section.sh_offset, section.sh_size);
    if ((section.sh_flags & SHF_EXECINSTR) != 0 && section.sh_size != 0) object.has_code = true;
    if (section.sh_type == SHT_NOTE && object.kind == ObjectFile::Kind::kRelocatable)
      add_notes(content, section.sh_addralign, object.notes);
  }
  // Of a program not the sections: they may have been stripped.
  for (const Elf64_Phdr& segment : segments) {
    if (segment.p_type != PT_LOAD && segment.p_type != PT_NOTE) continue;
    const std::string_view content = part(file, segment.p_offset, segment.p_filesz);
    if (segment.p_type == PT_LOAD && (segment.p_flags & PF_X) != 0) object.has_code = true;
    if (segment.p_type == PT_NOTE) add_notes(content, segment.p_align, object.notes);
  }
  return object;
}

ObjectFile read_member_object(const ArchiveMember& member, std::string_view content) {
  try {
    ObjectFile object = read_object(content);
    object.member = member.name;
    return object;
  } catch (const BadBinary& error) {
    throw BadBinary("has a member '" + member.name + "', which " + error.what());
  }
}

}  // namespace

BinaryFile read_notes(std::string_view file, const ReadMember& read_member) {
  BinaryFile result;
  if (!is_archive(file)) {
    result.objects.push_back(read_object(file));
    return result;
  }
  result.is_archive = true;
  for (const ArchiveMember& member : archive_members(file)) {
    if (member.is_elsewhere) {
      result.objects.push_back(read_member_object(member, read_member(member.name)));
    } else {
      result.objects.push_back(read_member_object(member, member.content));
    }
  }
  return result;
}

}  // namespace fibersan::command
