// proc.h: files and folders of /proc, read while everybody stands still.
//
// Cost:     system calls and no functions of the C library: those may be the detector's, take
//           locks, or be points of cancellation.
// Threads:  one caller at a time.
#ifndef FIBERSAN_RUNTIME_WORLD_PROC_H
#define FIBERSAN_RUNTIME_WORLD_PROC_H

#include <cstddef>

namespace fiber::internal {

class ProcFile {
 public:
  explicit ProcFile(const char* path, int flags = 0);
  ~ProcFile();
  ProcFile(const ProcFile&) = delete;
  ProcFile& operator=(const ProcFile&) = delete;

  bool is_open() const { return number_ >= 0; }
  int number() const { return number_; }
  // At most `most` bytes; 0: the end, or an error.
  size_t read(char* bytes, size_t most) const;

 private:
  int number_;
};

// Calls visit(number, argument) for each entry of a folder that is a number, from its beginning.
// Returns how many there were; negative: the kernel does not say.
long for_each_number(const ProcFile& folder, void (*visit)(int number, void* argument),
                     void* argument);

}  // namespace fiber::internal

#endif  // FIBERSAN_RUNTIME_WORLD_PROC_H
