// word_count FILE…: counts the words of each file in a fiber of its own, merges the
// counts under a Mutex and prints the ten most frequent words.
// The total is added up outside the lock: a data race. -DFIXED moves it inside.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t %S/data/declaration.txt %S/data/gettysburg.txt %S/data/sonnet18.txt 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed %S/data/declaration.txt %S/data/gettysburg.txt %S/data/sonnet18.txt 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <fstream>
#include <map>
#include <mutex>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

using Counts = std::map<std::string, long>;

std::string normalised(const std::string& word) {
  std::string letters;
  for (unsigned char c : word)
    if (std::isalpha(c)) letters += static_cast<char>(std::tolower(c));
  return letters;
}

Counts count_words(const std::string& path) {
  Counts counts;
  std::ifstream file(path);
  for (std::string word; file >> word;)
    if (std::string letters = normalised(word); !letters.empty()) ++counts[letters];
  return counts;
}

struct Summary {
  fiber::Mutex mutex;
  Counts counts;   // guarded by mutex
  long total = 0;  // guarded by mutex, or so it was meant

  void add_total(const Counts& of_file) {
    long words = 0;
    for (const auto& [word, count] : of_file) words += count;
    total += words;
    // CHECK: WARNING: FiberSan: data race
    // CHECK-NEXT: Write of size 8 at 0x{{[0-9a-f]+}} by fiber {{[0-9]+}} '{{.*}}.txt':
    // CHECK-NEXT: #0 {{.*}}add_total{{.*}}word_count.cpp:[[@LINE-3]]
    // CHECK-NEXT: #1 {{.*}}add_file{{.*}}word_count.cpp
    // CHECK: Previous write of size 8 at 0x{{[0-9a-f]+}} by fiber {{[0-9]+}} '{{.*}}.txt':
    // CHECK-NEXT: #0 {{.*}}add_total{{.*}}word_count.cpp:[[@LINE-6]]
    // CHECK-NEXT: #1 {{.*}}add_file{{.*}}word_count.cpp
    // CHECK: Location is stack of fiber 1
    // CHECK: SUMMARY: FiberSan: data race {{.*}}word_count.cpp:[[@LINE-9]]
  }

  void add_file(const std::string& path) {
    const Counts of_file = count_words(path);
#ifndef FIXED
    add_total(of_file);
#endif
    std::scoped_lock lock(mutex);
#ifdef FIXED
    add_total(of_file);
#endif
    for (const auto& [word, count] : of_file) counts[word] += count;
  }
};

void print_top(const Summary& summary) {
  std::vector<std::pair<std::string, long>> words(summary.counts.begin(), summary.counts.end());
  std::sort(words.begin(), words.end(), [](const auto& a, const auto& b) {
    return std::tie(b.second, a.first) < std::tie(a.second, b.first);
  });
  if (words.size() > 10) words.resize(10);
  for (const auto& [word, count] : words) std::printf("%6ld %s\n", count, word.c_str());
  std::printf("%6ld words in all\n", summary.total);
}

int main(int argc, char** argv) {
  const std::vector<std::string> paths(argv + 1, argv + argc);
  if (paths.empty()) {
    std::fprintf(stderr, "usage: word_count FILE...\n");
    return 2;
  }
  return fiber::run([&] {
    Summary summary;
    fiber::WaitGroup files;
    for (const std::string& path : paths)
      files.go(fiber::FiberOptions{.name = path.substr(path.rfind('/') + 1)},
               [&summary, path] { summary.add_file(path); });
    files.wait();
    print_top(summary);
  });
}
// CHECK: FiberSan: reported 1 warnings; precision: exact
// FIXED: 27 the
// FIXED: 566 words in all
