// Functions of the C library read and write user memory: another fiber writes the last byte
// that each must touch (a race with the function as frame #0), or the byte behind (silent),
// or comes after it (silent).
//
// RUN: %fibersan %s -o %t
// RUN: not %run %t last > %t.out 2> %t.err
// RUN: %python %S/Inputs/every_name.py %t %t.err
// RUN: %run %t behind 2>&1 | FileCheck %s --check-prefix=SILENT --implicit-check-not=WARNING
// RUN: %run %t after 2>&1 | FileCheck %s --check-prefix=SILENT --implicit-check-not=WARNING
// RUN: %fibersan -O1 -D_FORTIFY_SOURCE=2 %s -o %t.fortified
// RUN: not %run %t.fortified last > %t.out 2> %t.err
// RUN: %python %S/Inputs/every_name.py %t.fortified %t.err
// SILENT: done
#include <fcntl.h>
#include <fiber/fiber.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cinttypes>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <cwchar>
#include <string>

namespace {

char out[256];      // what nobody else looks at
const char* other;  // "same text", not known to the compiler
std::FILE* file;    // holds "from file\n" twice
int fds[2];         // a pipe
int drain;          // /dev/null
int sockets[2];

// By address, which the compiler cannot turn into loads and stores of its own.
void* (*volatile copy)(void*, const void*, size_t) = memcpy;
void* (*volatile copy_to_end)(void*, const void*, size_t) = mempcpy;
wchar_t* (*volatile copy_wide)(wchar_t*, const wchar_t*, size_t) = wmemcpy;
int (*volatile number)(const char*) = atoi;
ssize_t (*volatile line)(char**, size_t*, std::FILE*) = getline;

template <typename T>
void use(T value) {
  volatile T kept = value;
  (void)kept;
}

int pipe_with(const char* text) {
  if (::write(fds[1], text, strlen(text)) < 0) std::abort();
  return fds[0];
}
int socket_with(const char* text) {
  if (::write(sockets[0], text, strlen(text)) < 0) std::abort();
  return sockets[1];
}
std::FILE* rewound() {
  std::rewind(file);
  return file;
}
int formatted(char* to, const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  const int length = std::vsnprintf(to, 100, format, arguments);
  va_end(arguments);
  return length;
}
wchar_t* wide(char* text) { return reinterpret_cast<wchar_t*>(text); }

int by_first(const void* a, const void* b) {
  return *static_cast<const char*>(a) - *static_cast<const char*>(b);
}

struct Case {
  const char* name;
  const char* text;  // what the buffer holds before
  size_t extent;     // so many of its bytes are touched
  void (*run)(char* buffer);
};

const Case cases[] = {
    // memory
    {"memcpy", "from", 12, [](char* b) { copy(out, b, 12); }},
    {"memcpy", "to", 12, [](char* b) { copy(b, out, 12); }},
    {"mempcpy", "", 9, [](char* b) { copy_to_end(b, out, 9); }},
    {"memccpy", "abcdef", 3, [](char* b) { use(memccpy(out, b, 'c', 100)); }},
    {"memcmp", "same xxxx", 6, [](char* b) { use(memcmp(b, other, 9)); }},
    {"memcmp", "same text", 9, [](char* b) { use(memcmp(b, other, 9)); }},
    {"memchr", "find!me", 5, [](char* b) { use(memchr(b, '!', 100)); }},
    {"memrchr", "find!me", 7, [](char* b) { use(memrchr(b, '!', 7)); }},
    {"memmem", "in the text", 6, [](char* b) { use(memmem(b, 11, "the", 3)); }},
    {"explicit_bzero", "", 10, [](char* b) { explicit_bzero(b, 10); }},
    {"qsort", "dcba", 4, [](char* b) { qsort(b, 4, 1, by_first); }},
    // strings
    {"strlen", "four", 5, [](char* b) { use(strlen(b)); }},
    {"strnlen", "four", 3, [](char* b) { use(strnlen(b, 3)); }},
    {"strcpy", "four", 5, [](char* b) { strcpy(out, b); }},
    {"strcpy", "", 10, [](char* b) { strcpy(b, other); }},
    {"stpcpy", "four", 5, [](char* b) { use(stpcpy(out, b)); }},
    {"strncpy", "fourfive", 4, [](char* b) { strncpy(out, b, 4); }},
    {"strncpy", "", 20, [](char* b) { strncpy(b, other, 20); }},
    {"strcat", "and ", 14, [](char* b) { strcat(b, other); }},
    {"strncat", "and ", 7, [](char* b) { strncat(b, other, 2); }},
    {"strcmp", "same xxxx", 6, [](char* b) { use(strcmp(b, other)); }},
    {"strncmp", "same text", 4, [](char* b) { use(strncmp(b, other, 4)); }},
    {"strcasecmp", "SAME TEXT", 10, [](char* b) { use(strcasecmp(b, other)); }},
    {"strncasecmp", "SAME", 3, [](char* b) { use(strncasecmp(b, other, 3)); }},
    {"strcoll", "same", 5, [](char* b) { use(strcoll(b, other)); }},
    {"strchr", "a,b", 2, [](char* b) { use(strchr(b, ',')); }},
    {"strrchr", "a,b", 4, [](char* b) { use(strrchr(b, ',')); }},
    {"strstr", "in the text", 6, [](char* b) { use(strstr(b, "the")); }},
    {"strspn", "aab", 3, [](char* b) { use(strspn(b, "ac")); }},
    {"strcspn", "aab", 3, [](char* b) { use(strcspn(b, "bc")); }},
    {"strpbrk", "aab", 3, [](char* b) { use(strpbrk(b, "bc")); }},
    {"strtok_r", "one two", 4,
     [](char* b) {
       char* rest;
       use(strtok_r(b, " ", &rest));
     }},
    {"strdup", "four", 5, [](char* b) { use(strdup(b)); }},
    {"strndup", "four", 3, [](char* b) { use(strndup(b, 3)); }},
    {"wcslen", "a\0\0\0b\0\0\0\0\0\0", 12, [](char* b) { use(wcslen(wide(b))); }},
    {"wmemcpy", "", 12, [](char* b) { copy_wide(wide(b), wide(out), 3); }},
    // numbers
    {"strtol", "12;", 3, [](char* b) { use(strtol(b, nullptr, 10)); }},
    {"strtoull", "12;", 3, [](char* b) { use(strtoull(b, nullptr, 10)); }},
    {"strtod", "1.5 ", 4, [](char* b) { use(strtod(b, nullptr)); }},
    {"atoi", "12", 3, [](char* b) { use(number(b)); }},
    {"getenv", "PATH", 5, [](char* b) { use(getenv(b)); }},
    // descriptors
    {"read", "", 4, [](char* b) { use(read(pipe_with("four"), b, 100)); }},
    {"write", "four", 4, [](char* b) { use(write(drain, b, 4)); }},
    {"pread", "", 4, [](char* b) { use(pread(fileno(file), b, 4, 2)); }},
    {"pwrite", "four", 4, [](char* b) { use(pwrite(fileno(file), b, 4, 100)); }},
    {"readv", "", 4,
     [](char* b) {
       iovec parts[] = {{out, 2}, {b, 100}};
       use(readv(pipe_with("onfour"), parts, 2));
     }},
    {"writev", "four", 4,
     [](char* b) {
       iovec parts[] = {{out, 2}, {b, 4}};
       use(writev(drain, parts, 2));
     }},
    {"recv", "", 4, [](char* b) { use(recv(socket_with("four"), b, 100, 0)); }},
    {"recvfrom", "", 4,
     [](char* b) { use(recvfrom(socket_with("four"), b, 100, 0, nullptr, nullptr)); }},
    {"send", "four", 4, [](char* b) { use(send(sockets[0], b, 4, 0)); }},
    {"recvmsg", "", 4,
     [](char* b) {
       iovec part = {b, 4};
       msghdr message{};
       message.msg_iov = &part;
       message.msg_iovlen = 1;
       use(recvmsg(socket_with("four"), &message, 0));
     }},
    {"sendmsg", "four", 4,
     [](char* b) {
       iovec part = {b, 4};
       msghdr message{};
       message.msg_iov = &part;
       message.msg_iovlen = 1;
       use(sendmsg(sockets[0], &message, 0));
     }},
    {"pipe", "", 8,
     [](char* b) {
       int* ends = reinterpret_cast<int*>(b);
       use(pipe(ends));
     }},
    {"stat", ".", 2,
     [](char* b) {
       struct stat status;
       use(stat(b, &status));
     }},
    {"fstat", "", sizeof(struct stat),
     [](char* b) { use(fstat(0, reinterpret_cast<struct stat*>(b))); }},
    {"clock_gettime", "", 16,
     [](char* b) { use(clock_gettime(CLOCK_MONOTONIC, reinterpret_cast<timespec*>(b))); }},
    {"time", "", 8, [](char* b) { use(time(reinterpret_cast<time_t*>(b))); }},
    // streams
    {"fread", "", 5, [](char* b) { use(fread(b, 1, 5, rewound())); }},
    {"fwrite", "four", 4, [](char* b) { use(fwrite(b, 2, 2, stdout)); }},
    {"fgets", "", 11, [](char* b) { use(fgets(b, 100, rewound())); }},
    {"fputs", "four\n", 6, [](char* b) { use(fputs(b, stdout)); }},
    {"puts", "four", 5, [](char* b) { use(puts(b)); }},
    {"getline", "\0\0\0\0\0\0\0\0\0", 8,
     [](char* b) {
       size_t room = 0;
       use(line(reinterpret_cast<char**>(b), &room, rewound()));
     }},
    // formats
    {"printf", "four", 5, [](char* b) { use(printf("%d %-*s|%.2f%%\n", 1, 6, b, 1.5)); }},
    {"printf", "fourfive", 4, [](char* b) { use(printf("%.*s %ld\n", 4, b, 5L)); }},
    {"fprintf", "%d\n", 4, [](char* b) { use(fprintf(stdout, b, 7)); }},
    {"snprintf", "", 6, [](char* b) { use(snprintf(b, 6, "%s", other)); }},
    {"sprintf", "", 11, [](char* b) { use(sprintf(b, "%s%c", other, 33)); }},
    {"vsnprintf", "", 3, [](char* b) { use(formatted(b, "%d", 12)); }},
    {"asprintf", "four", 5,
     [](char* b) {
       char* made;
       use(asprintf(&made, "%Lf %s", 1.0L, b));
     }},
    {"dprintf", "four", 5, [](char* b) { use(dprintf(drain, "%s", b)); }},
    {"sscanf", "12 ab", 6,
     [](char* b) {
       int number;
       use(sscanf(b, "%d %s", &number, out));
     }},
    {"sscanf", "", 3, [](char* b) { use(sscanf(other, "%*s %2[a-z]", b)); }},
    {"sscanf", "", 2, [](char* b) { use(sscanf("7", "%hd", reinterpret_cast<short*>(b))); }},
    {"fscanf", "", 5, [](char* b) { use(fscanf(rewound(), "%s", b)); }},
};

void run_case(const Case& c, const std::string& mode) {
  char* buffer = static_cast<char*>(calloc(1, 512));
  memcpy(buffer, c.text, *c.text != 0 && c.extent > strlen(c.text) ? c.extent : strlen(c.text));
  const size_t at = mode == "behind" ? c.extent : c.extent - 1;
  fiber::WaitGroup both;
  fiber::Channel<int> done(1);
  both.go([&] {
    c.run(buffer);
    if (mode == "after") done.send(0);
  });
  both.go([&] {
    if (mode == "after") done.receive();
    char* byte = buffer + at;
    *byte = *byte;
    asm volatile("" : : "r"(byte) : "memory");
    *static_cast<volatile char*>(byte) = *byte;
  });
  both.wait();
}

}  // namespace

int main(int count, char** arguments) {
  const std::string mode = count > 1 ? arguments[1] : "names";
  if (mode == "names") {
    for (const Case& c : cases) std::printf("%s\n", c.name);
    return 0;
  }
  const std::string text = "same text";
  other = text.c_str();
  file = std::tmpfile();
  std::fputs("from file\nfrom file\n", file);
  std::fflush(file);
  drain = open("/dev/null", O_WRONLY);
  if (pipe(fds) != 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) != 0) return 1;
  return fiber::run([&] {
    for (const Case& c : cases) run_case(c, mode);
    std::puts("done");
  });
}
