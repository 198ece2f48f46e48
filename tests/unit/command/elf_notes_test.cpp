// Notes of files that are whole, cut, damaged, or something else.
#include "utils/fibersan/elf_notes.h"

#include <elf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <string>

#include "detector/abi/note.h"

namespace fibersan::command {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

template <typename T>
std::string bytes(const T& value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

std::string padded(std::string text) {
  text.resize((text.size() + 3) / 4 * 4);
  return text;
}

// One note as the pass writes it.
std::string note(uint32_t functions, const std::string& options, const char* name = "FiberSan") {
  const std::string description =
      padded(bytes(fsan_note{1, functions}) + "0.1" + '\0' + options + '\0');
  const Elf64_Nhdr header = {static_cast<Elf64_Word>(strlen(name) + 1),
                             static_cast<Elf64_Word>(description.size()), FSAN_NOTE_INSTRUMENTED};
  return bytes(header) + padded(std::string(name) + '\0') + description;
}

// An object file of a section with code and one with notes.
std::string object(const std::string& notes) {
  const std::string code = "code";
  Elf64_Ehdr header = {};
  memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_type = ET_REL;
  header.e_machine = EM_X86_64;
  header.e_shoff = sizeof header + code.size() + notes.size();
  header.e_shentsize = sizeof(Elf64_Shdr);
  header.e_shnum = 3;
  Elf64_Shdr text = {}, of_notes = {};
  text.sh_type = SHT_PROGBITS;
  text.sh_flags = SHF_ALLOC | SHF_EXECINSTR;
  text.sh_offset = sizeof header;
  text.sh_size = code.size();
  of_notes.sh_type = SHT_NOTE;
  of_notes.sh_offset = sizeof header + code.size();
  of_notes.sh_size = notes.size();
  of_notes.sh_addralign = 4;
  return bytes(header) + code + notes + bytes(Elf64_Shdr{}) + bytes(text) + bytes(of_notes);
}

std::string member(std::string name, const std::string& content) {
  std::string header = name + std::string(48 - name.size(), ' ') + std::to_string(content.size());
  header.resize(58, ' ');
  return header + "`\n" + content + (content.size() % 2 != 0 ? "\n" : "");
}

BinaryFile read(const std::string& file) {
  return read_notes(file, [](const std::string&) { return std::string(); });
}

std::string error_of(const std::string& file) {
  try {
    read(file);
  } catch (const BadBinary& error) {
    return error.what();
  }
  return "";
}

TEST(ElfNotes, OfAnObjectFile) {
  const BinaryFile file = read(object(note(7, "-x", "Somebody") + note(5, "") + note(2, "-a -b")));
  ASSERT_EQ(file.objects.size(), 1u);
  EXPECT_TRUE(file.objects[0].has_code);
  ASSERT_EQ(file.objects[0].notes.size(), 2u);
  EXPECT_EQ(file.objects[0].notes[0].functions, 5u);
  EXPECT_EQ(file.objects[0].notes[1].functions, 2u);
  EXPECT_EQ(file.objects[0].notes[1].version, "0.1");
  EXPECT_EQ(file.objects[0].notes[1].options, "-a -b");
}

TEST(ElfNotes, OfAnArchive) {
  const std::string with = object(note(5, "")), without = object("");
  const std::string archive = "!<arch>\n" + member("/", "sym") + member("//", "a_long_name.o/\n") +
                              member("a.o/", with) + member("/0", without) +
                              member("#1/8", std::string("b.o\0\0\0\0\0", 8) + with);
  const BinaryFile file = read(archive);
  ASSERT_EQ(file.objects.size(), 3u);
  EXPECT_EQ(file.objects[0].member, "a.o");
  EXPECT_EQ(file.objects[0].notes.size(), 1u);
  EXPECT_EQ(file.objects[1].member, "a_long_name.o");
  EXPECT_TRUE(file.objects[1].notes.empty());
  EXPECT_EQ(file.objects[2].member, "b.o");
  EXPECT_EQ(file.objects[2].notes.size(), 1u);
}

// A file that lost its end is an error wherever it was cut, never one without notes.
TEST(ElfNotes, CutAnywhere) {
  const std::string whole = object(note(5, "-a"));
  for (size_t size = 0; size < whole.size(); ++size)
    EXPECT_NE(error_of(whole.substr(0, size)), "") << size;
  const std::string archive = "!<arch>\n" + member("a.o/", whole);
  for (size_t size = 1; size < archive.size(); ++size)
    if (size != 8) EXPECT_NE(error_of(archive.substr(0, size)), "") << size;
}

// Whatever the bytes say, nothing is read outside of the file.
TEST(ElfNotes, AnyByteDamaged) {
  const std::string whole =
      "!<arch>\n" + member("a.o/", object(note(5, "-a"))) + member("/0", object(note(1, "")));
  std::mt19937 random(1);
  for (int round = 0; round < 20'000; ++round) {
    std::string file = whole;
    for (int i = 0; i < 1 + round % 4; ++i)
      file[random() % file.size()] = static_cast<char>(random());
    static_cast<void>(error_of(file));
  }
}

TEST(ElfNotes, OtherFiles) {
  EXPECT_THAT(error_of(""), StartsWith("is empty"));
  EXPECT_THAT(error_of("BC\xC0\xDE..."), HasSubstr("-flto"));
  EXPECT_THAT(error_of("#!/bin/sh\n"), HasSubstr("script"));
  EXPECT_THAT(error_of("{\"schema_version\": 1}"), HasSubstr("fibersan report"));
  EXPECT_THAT(error_of("Dear all,\n"), StartsWith("is not an ELF file"));
  std::string other = object("");
  other[EI_CLASS] = ELFCLASS32;
  EXPECT_THAT(error_of(other), HasSubstr("another machine"));
  EXPECT_THAT(error_of("!<arch>\n" + member("notes.txt/", "text")), HasSubstr("'notes.txt'"));
}

}  // namespace
}  // namespace fibersan::command
