// Fibonacci numbers by recursion: nothing but calls.
#include <cstdint>
#include <cstdio>

namespace {

__attribute__((noinline)) uint64_t fib(unsigned n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }

}  // namespace

int main() { std::printf("%llu\n", static_cast<unsigned long long>(fib(40))); }
