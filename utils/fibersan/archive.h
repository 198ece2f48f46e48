// archive.h: the members of a library made by ar, GNU's and BSD's, thin ones too.
//
// Input:    the archive's bytes, which the result points into.
// Errors:   BadBinary of elf_notes.h when it is cut off.
#ifndef FIBERSAN_UTILS_FIBERSAN_ARCHIVE_H
#define FIBERSAN_UTILS_FIBERSAN_ARCHIVE_H

#include <string>
#include <string_view>
#include <vector>

namespace fibersan::command {

struct ArchiveMember {
  std::string name;
  std::string_view content;
  bool is_elsewhere = false;  // thin: `name` is a path, relative to the archive's folder
};

bool is_archive(std::string_view file);

// Without symbol tables.
std::vector<ArchiveMember> archive_members(std::string_view file);

}  // namespace fibersan::command

#endif  // FIBERSAN_UTILS_FIBERSAN_ARCHIVE_H
