// exec.cpp: the program's exec functions, in place of the C library's: what this process found is
// said before another program takes its place.
//
// Errors:   when the other program cannot be executed, this one goes on, and so do its reports.
// Threads:  any. A child of vfork, which shares our memory, only executes.
// Not here: posix_spawn() and system(), whose children come to nothing of ours.
#include <alloca.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>

#include "detector/heap/real_function.h"
#include "detector/process/end.h"

namespace fibersan {
namespace {

FIBERSAN_REAL(execvpe);

template <class Execute>
int with_end(Execute execute) {
  const bool said = before_exec();
  execute();
  const int error = errno;
  if (said) after_failed_exec();
  errno = error;
  return -1;
}

int execute(const char* path, char* const* arguments, char* const* environment) {
  return with_end([&] { syscall(SYS_execve, path, arguments, environment); });
}

// Along PATH.
int execute_file(const char* file, char* const* arguments, char* const* environment) {
  return with_end([&] { real_execvpe(file, arguments, environment); });
}

size_t count_arguments(va_list list) {
  size_t count = 1;
  while (va_arg(list, char*) != nullptr) ++count;
  return count;
}

}  // namespace
}  // namespace fibersan

// The arguments after `first` as an array, with the zero at its end; a macro for alloca.
#define FIBERSAN_ARGUMENTS(first)                                                    \
  va_list list;                                                                      \
  va_start(list, first);                                                             \
  const size_t count = fibersan::count_arguments(list);                              \
  va_end(list);                                                                      \
  auto** const arguments = static_cast<char**>(alloca((count + 1) * sizeof(char*))); \
  va_start(list, first);                                                             \
  arguments[0] = const_cast<char*>(first);                                           \
  for (size_t i = 1; i <= count; ++i) arguments[i] = va_arg(list, char*)

extern "C" {

int execve(const char* path, char* const arguments[], char* const environment[]) noexcept {
  return fibersan::execute(path, arguments, environment);
}
int execv(const char* path, char* const arguments[]) noexcept {
  return fibersan::execute(path, arguments, environ);
}
int execvp(const char* file, char* const arguments[]) noexcept {
  return fibersan::execute_file(file, arguments, environ);
}
int execvpe(const char* file, char* const arguments[], char* const environment[]) noexcept {
  return fibersan::execute_file(file, arguments, environment);
}
int fexecve(int file, char* const arguments[], char* const environment[]) noexcept {
  return fibersan::with_end(
      [&] { syscall(SYS_execveat, file, "", arguments, environment, AT_EMPTY_PATH); });
}
int execl(const char* path, const char* first, ...) noexcept {
  FIBERSAN_ARGUMENTS(first);
  va_end(list);
  return fibersan::execute(path, arguments, environ);
}
int execlp(const char* file, const char* first, ...) noexcept {
  FIBERSAN_ARGUMENTS(first);
  va_end(list);
  return fibersan::execute_file(file, arguments, environ);
}
int execle(const char* path, const char* first, ...) noexcept {
  FIBERSAN_ARGUMENTS(first);
  char* const* const environment = va_arg(list, char* const*);
  va_end(list);
  return fibersan::execute(path, arguments, environment);
}
}
