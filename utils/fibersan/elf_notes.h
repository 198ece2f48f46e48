// elf_notes.h: what object files, programs, libraries and archives say of their instrumentation.
//
// Input:    a file's bytes; x86-64 ELF, or an archive of such files.
// Output:   for each object in it its kind and the notes of detector/abi/note.h.
// Errors:   BadBinary, whose text follows the file's name: "is not ...; advice".
// Cost:     reads headers and notes only, whatever the size.
//
// Rejected: libelf, and LLVM's Object library: this needs of ELF two tables of headers, and the
//           installed command would need a library that a machine with clang may lack. What is
//           wrong with a file is said here in words that help; libelf reads truncated files
//           without complaint.
#ifndef FIBERSAN_UTILS_FIBERSAN_ELF_NOTES_H
#define FIBERSAN_UTILS_FIBERSAN_ELF_NOTES_H

#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace fibersan::command {

class BadBinary : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct InstrumentationNote {
  uint32_t type = 0;  // fsan_note_type
  uint32_t abi_version = 0;
  uint32_t functions = 0;
  std::string version;
  std::string options;
};

struct ObjectFile {
  enum class Kind { kExecutable, kSharedLibrary, kRelocatable };
  std::string member;  // of an archive
  Kind kind = Kind::kRelocatable;
  bool has_code = false;
  std::vector<InstrumentationNote> notes;
};

struct BinaryFile {
  bool is_archive = false;
  std::vector<ObjectFile> objects;  // one, unless it is an archive
};

// The content of a thin archive's member, by its path as the archive has it.
using ReadMember = std::function<std::string(const std::string& path)>;

BinaryFile read_notes(std::string_view file, const ReadMember& read_member);

}  // namespace fibersan::command

#endif  // FIBERSAN_UTILS_FIBERSAN_ELF_NOTES_H
