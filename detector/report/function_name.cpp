#include "detector/report/function_name.h"

#include <cstddef>

namespace fibersan {
namespace {

bool is_digit(char letter) { return letter >= '0' && letter <= '9'; }
bool is_word(char letter) {
  return is_digit(letter) || (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
         letter == '_';
}

size_t digits_at(std::string_view text, size_t at) {
  size_t end = at;
  while (end < text.size() && is_digit(text[end])) ++end;
  return end;
}

// Behind the bracket that closes the one at `open`; `open` itself when nothing closes it.
size_t behind(std::string_view text, size_t open, char opens, char closes) {
  size_t depth = 0;
  for (size_t at = open; at < text.size(); ++at) {
    if (text[at] == opens) ++depth;
    const bool arrow = text[at] == '>' && at > 0 && text[at - 1] == '-';
    if (text[at] == closes && !arrow && --depth == 0) return at + 1;
  }
  return open;
}

// foo() (.cold), foo.part.0, foo() [clone .isra.0], foo.llvm.123
std::string_view without_suffix(std::string_view function) {
  for (const std::string_view mark :
       {" (.", " [clone", ".llvm.", ".part.", ".constprop.", ".isra.", ".cold"}) {
    if (const size_t at = function.find(mark); at != std::string_view::npos && at != 0)
      function = function.substr(0, at);
  }
  return function;
}

class Name {
 public:
  explicit Name(std::string_view function) : text_(without_suffix(function)) {}

  std::string lasting() {
    while (at_ < text_.size()) {
      if (!skip_noise()) name_ += text_[at_++];
    }
    return std::move(name_);
  }

 private:
  std::string_view rest() const { return text_.substr(at_); }
  bool at_word_begin() const { return at_ == 0 || !is_word(text_[at_ - 1]); }

  // Copies what has to stay in its place.
  bool skip_noise() {
    if (at_word_begin() && rest().starts_with("operator")) {
      name_ += "operator";
      at_ += 8;
      // Its own brackets are none.
      while (at_ < text_.size() &&
             std::string_view("<>=-").find(text_[at_]) != std::string_view::npos)
        name_ += text_[at_++];
      if (at_ < text_.size() && text_[at_] == ' ' && text_.substr(at_ + 1).starts_with("<")) ++at_;
      return true;
    }
    for (const std::string_view space : {"__cxx11::", "__1::", "_V2::"}) {
      if (at_word_begin() && rest().starts_with(space)) return at_ += space.size(), true;
    }
    if (rest().starts_with("[abi:")) return skip_to(behind(text_, at_, '[', ']'));
    if (text_[at_] == '<') return skip_to(behind(text_, at_, '<', '>'));
    if (rest().starts_with("$_")) return name_ += "$_", skip_to(digits_at(text_, at_ + 2));
    if (rest().starts_with("'lambda")) {
      const size_t end = digits_at(text_, at_ + 7);
      if (end < text_.size() && text_[end] == '\'') return name_ += "'lambda'", skip_to(end + 1);
    }
    if (rest().starts_with("{lambda(")) {
      const size_t end = behind(text_, at_, '{', '}');
      if (end != at_) return name_ += "{lambda}", skip_to(end);
    }
    return false;
  }
  bool skip_to(size_t end) {
    if (end == at_) return false;
    at_ = end;
    return true;
  }

  std::string_view text_;
  size_t at_ = 0;
  std::string name_;
};

}  // namespace

std::string lasting_name(std::string_view function) { return Name(function).lasting(); }

}  // namespace fibersan
