#include "detector/report/render/line_hash.h"

#include <array>
#include <cstdint>
#include <cstdio>
#include <unordered_map>

#include "detector/report/render/utf16.h"

namespace fibersan {
namespace {

constexpr size_t kWindow = 100;  // units of UTF-16
constexpr uint64_t kFactor = 37;
constexpr uint16_t kEnd = 0xffff;

constexpr uint64_t factor_of_first() {
  uint64_t product = 1;
  for (size_t i = 0; i < kWindow; ++i) product *= kFactor;
  return product;
}

// A polynomial over the last kWindow units, after Rabin and Karp. A line's hash is complete when
// the window begins with it.
class LineHasher {
 public:
  void add(uint16_t unit) {
    const bool ends_pair = after_return_ && unit == '\n';
    after_return_ = unit == '\r';
    if (unit == ' ' || unit == '\t' || ends_pair) return;
    if (unit == '\r') unit = '\n';
    emit();
    if (at_line_start_) begins_line_[next_] = true;
    at_line_start_ = unit == '\n';
    push(unit);
  }

  std::vector<std::string> finish() {
    add(kEnd);
    for (size_t i = 0; i < kWindow; ++i) {
      emit();
      push(0);
    }
    return std::move(hashes_);
  }

 private:
  void emit() {
    if (!begins_line_[next_]) return;
    begins_line_[next_] = false;
    char text[48];
    snprintf(text, sizeof text, "%llx:%u", static_cast<unsigned long long>(hash_), ++seen_[hash_]);
    hashes_.emplace_back(text);
  }

  void push(uint16_t unit) {
    hash_ = hash_ * kFactor + unit - factor_of_first() * window_[next_];
    window_[next_] = unit;
    next_ = (next_ + 1) % kWindow;
  }

  std::array<uint16_t, kWindow> window_{};
  std::array<bool, kWindow> begins_line_{};
  size_t next_ = 0;  // the oldest of the window
  uint64_t hash_ = 0;
  bool at_line_start_ = true;
  bool after_return_ = false;
  std::unordered_map<uint64_t, unsigned> seen_;
  std::vector<std::string> hashes_;
};

}  // namespace

std::vector<std::string> line_hashes(std::string_view text) {
  LineHasher hasher;
  for_each_utf16(text, [&](uint16_t unit) { hasher.add(unit); });
  return hasher.finish();
}

}  // namespace fibersan
