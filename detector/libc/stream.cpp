// Streams of the C library. Their own state is under their lock; what is checked is the
// user's memory. A stream on a pipe orders as its descriptor does.
#include <stdio.h>

#include "detector/libc/stream_edges.h"
#include "detector/libc/twin.h"

using namespace fibersan;

extern "C" {
size_t __fread_chk(void* buffer, size_t room, size_t size, size_t count, FILE* stream);
char* __fgets_chk(char* buffer, size_t room, int size, FILE* stream);
}

FIBERSAN_TWIN(FILE*, fopen, const char* path, const char* mode) {
  check_read_text(path);
  check_read_text(mode);
  return fopen(path, mode);
}
FIBERSAN_TWIN(size_t, fread, void* buffer, size_t size, size_t count, FILE* stream) {
  const size_t items = fread(buffer, size, count, stream);
  note_stream_read(stream);
  check_write(buffer, items * size);
  return items;
}
FIBERSAN_TWIN(size_t, __fread_chk, void* buffer, size_t room, size_t size, size_t count,
              FILE* stream) {
  const size_t items = __fread_chk(buffer, room, size, count, stream);
  note_stream_read(stream);
  check_write(buffer, items * size);
  return items;
}
FIBERSAN_TWIN(size_t, fwrite, const void* data, size_t size, size_t count, FILE* stream) {
  check_read(data, size * count);
  note_stream_written(stream);
  return fwrite(data, size, count, stream);
}
FIBERSAN_TWIN(char*, fgets, char* buffer, int size, FILE* stream) {
  char* line = fgets(buffer, size, stream);
  note_stream_read(stream);
  if (line != nullptr) check_write(line, strlen(line) + 1);
  return line;
}
FIBERSAN_TWIN(char*, __fgets_chk, char* buffer, size_t room, int size, FILE* stream) {
  char* line = __fgets_chk(buffer, room, size, stream);
  note_stream_read(stream);
  if (line != nullptr) check_write(line, strlen(line) + 1);
  return line;
}
FIBERSAN_TWIN(int, fputs, const char* text, FILE* stream) {
  check_read_text(text);
  note_stream_written(stream);
  return fputs(text, stream);
}
FIBERSAN_TWIN(int, puts, const char* text) {
  check_read_text(text);
  return puts(text);
}

namespace {

[[clang::always_inline]] inline void check_line(char** line, const size_t* room, ssize_t length) {
  check_write(line, sizeof(*line));
  check_write(room, sizeof(*room));
  if (length >= 0) check_write(*line, static_cast<size_t>(length) + 1);
}

}  // namespace

FIBERSAN_TWIN(ssize_t, getline, char** line, size_t* room, FILE* stream) {
  const ssize_t length = getline(line, room, stream);
  note_stream_read(stream);
  check_line(line, room, length);
  return length;
}
FIBERSAN_TWIN(ssize_t, getdelim, char** line, size_t* room, int delimiter, FILE* stream) {
  const ssize_t length = getdelim(line, room, delimiter, stream);
  note_stream_read(stream);
  check_line(line, room, length);
  return length;
}
