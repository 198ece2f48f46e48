// fixed_text.h: a line of text in memory of its own, for where nothing may be allocated.
//
// Invariants
//   X1  What does not fit is cut.
#ifndef FIBERSAN_DETECTOR_PROCESS_FIXED_TEXT_H
#define FIBERSAN_DETECTOR_PROCESS_FIXED_TEXT_H

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace fibersan {

class FixedText {
 public:
  static constexpr size_t kMax = 2048;

  FixedText& add(std::string_view text) {
    const size_t fits = std::min(text.size(), kMax - size_);
    std::copy_n(text.data(), fits, text_ + size_);
    size_ += fits;
    return *this;
  }
  FixedText& add(uint64_t number) {
    char digits[20];
    size_t first = sizeof digits;
    do {
      digits[--first] = static_cast<char>('0' + number % 10);
      number /= 10;
    } while (number != 0);
    return add(std::string_view(digits + first, sizeof digits - first));
  }
  std::string_view view() const { return {text_, size_}; }

 private:
  size_t size_ = 0;
  char text_[kMax];
};

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_PROCESS_FIXED_TEXT_H
