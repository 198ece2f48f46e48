// Files by name, clocks and dates: text in, structures out.
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <cstdarg>

#include "detector/libc/twin.h"

using namespace fibersan;

extern "C" int __xpg_strerror_r(int error, char* buffer, size_t size);

FIBERSAN_TWIN(int, open, const char* path, int flags, ...) {
  check_read_text(path);
  if ((flags & O_CREAT) == 0 && (flags & O_TMPFILE) != O_TMPFILE) return open(path, flags);
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = va_arg(rest, mode_t);
  va_end(rest);
  return open(path, flags, mode);
}

#define FIBERSAN_STATUS(name)                                       \
  FIBERSAN_TWIN(int, name, const char* path, struct stat* status) { \
    check_read_text(path);                                          \
    const int result = name(path, status);                          \
    if (result == 0) check_write(status, sizeof(*status));          \
    return result;                                                  \
  }
FIBERSAN_STATUS(stat)
FIBERSAN_STATUS(lstat)
FIBERSAN_TWIN(int, fstat, int fd, struct stat* status) {
  const int result = fstat(fd, status);
  if (result == 0) check_write(status, sizeof(*status));
  return result;
}

FIBERSAN_TWIN(char*, getcwd, char* buffer, size_t size) {
  char* path = getcwd(buffer, size);
  if (path != nullptr && path == buffer) check_write(path, strlen(path) + 1);
  return path;
}
FIBERSAN_TWIN(ssize_t, readlink, const char* path, char* buffer, size_t size) {
  check_read_text(path);
  const ssize_t length = readlink(path, buffer, size);
  if (length > 0) check_write(buffer, static_cast<size_t>(length));
  return length;
}
FIBERSAN_TWIN(int, unlink, const char* path) {
  check_read_text(path);
  return unlink(path);
}
FIBERSAN_TWIN(int, rename, const char* from, const char* to) {
  check_read_text(from);
  check_read_text(to);
  return rename(from, to);
}

// --- time ---

FIBERSAN_TWIN(time_t, time, time_t* now) {
  const time_t result = time(now);
  if (now != nullptr) check_write(now, sizeof(*now));
  return result;
}
FIBERSAN_TWIN(int, gettimeofday, timeval* now, void* zone) {
  const int result = gettimeofday(now, zone);
  if (result == 0 && now != nullptr) check_write(now, sizeof(*now));
  return result;
}
FIBERSAN_TWIN(int, clock_gettime, clockid_t clock, timespec* now) {
  const int result = clock_gettime(clock, now);
  if (result == 0) check_write(now, sizeof(*now));
  return result;
}
FIBERSAN_TWIN(int, nanosleep, const timespec* wanted, timespec* left) {
  check_read(wanted, sizeof(*wanted));
  const int result = nanosleep(wanted, left);
  if (result != 0 && left != nullptr) check_write(left, sizeof(*left));
  return result;
}
FIBERSAN_TWIN(tm*, gmtime_r, const time_t* moment, tm* parts) {
  check_read(moment, sizeof(*moment));
  tm* result = gmtime_r(moment, parts);
  if (result != nullptr) check_write(parts, sizeof(*parts));
  return result;
}
FIBERSAN_TWIN(tm*, localtime_r, const time_t* moment, tm* parts) {
  check_read(moment, sizeof(*moment));
  tm* result = localtime_r(moment, parts);
  if (result != nullptr) check_write(parts, sizeof(*parts));
  return result;
}
FIBERSAN_TWIN(time_t, mktime, tm* parts) {
  check_write(parts, sizeof(*parts));
  return mktime(parts);
}
FIBERSAN_TWIN(size_t, strftime, char* buffer, size_t size, const char* format, const tm* parts) {
  check_read_text(format);
  check_read(parts, sizeof(*parts));
  const size_t length = strftime(buffer, size, format, parts);
  if (length != 0) check_write(buffer, length + 1);
  return length;
}

// --- messages ---

FIBERSAN_TWIN(char*, strerror_r, int error, char* buffer, size_t size) {
  char* text = strerror_r(error, buffer, size);
  if (text == buffer && size != 0) check_write(buffer, strlen(buffer) + 1);
  return text;
}
FIBERSAN_TWIN(int, __xpg_strerror_r, int error, char* buffer, size_t size) {
  const int result = __xpg_strerror_r(error, buffer, size);
  if (size != 0) check_write(buffer, strlen(buffer) + 1);
  return result;
}
