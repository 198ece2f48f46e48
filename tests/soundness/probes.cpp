// probes.cpp: 1536 instructions that write a byte.
#include "probes.h"

#include <stdlib.h>

#include "harness.h"

namespace sound {
namespace {

constexpr unsigned kSites = 1536;
using Write = void (*)(volatile char* byte, char value);

template <unsigned kSite>
void write_at(volatile char* byte, char value) {
  *byte = value;
}

struct Table {
  Write writes[kSites];
};

template <unsigned... kNumbers>
struct Numbers {};
template <unsigned... kNumbers>
constexpr Table table_of(Numbers<kNumbers...>) {
  return {{write_at<kNumbers>...}};
}
template <class T, T... kNumbers>
using NumbersOf = Numbers<kNumbers...>;

constexpr Table table = table_of(__make_integer_seq<NumbersOf, unsigned, kSites>{});

}  // namespace

int epochs;  // for all to see, so that the store stays

void touch(unsigned site, char* byte) {
  if (site >= kSites) abort();
  // What is there is read where nobody checks.
  char value;
  __asm__ volatile("movb (%1), %0" : "=q"(value) : "r"(byte));
  table.writes[site](byte, value);
  __atomic_store_n(&epochs, 1, __ATOMIC_RELEASE);
}

void acquire_flag(int slot) { __atomic_load_n(&flags[0][slot], __ATOMIC_ACQUIRE); }
void release_flag(int slot) { __atomic_store_n(&flags[1][slot], 1, __ATOMIC_RELEASE); }
void store_flag(int slot) { __atomic_store_n(&flags[0][slot], 1, __ATOMIC_RELEASE); }

}  // namespace sound
