#include "detector/symbolize/trace.h"

#include <algorithm>
#include <initializer_list>

namespace fibersan {
namespace {

using Names = std::initializer_list<std::string_view>;

bool begins_with_one_of(std::string_view name, Names prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(),
                     [&](std::string_view prefix) { return name.starts_with(prefix); });
}

bool is_one_of(std::string_view name, Names names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::string_view base_name(const SourceFrame& frame) { return without_return_type(frame.function); }

bool is_inside(std::string_view name) {
  return begins_with_one_of(name,
                            {"fiber::internal::", "fiber::detail::", "fibersan::", "__fsan_"});
}

bool is_allocation(std::string_view name) {
  return begins_with_one_of(name, {"operator new", "operator delete"}) ||
         is_one_of(name, {"malloc", "free", "calloc", "realloc", "reallocarray", "aligned_alloc",
                          "posix_memalign", "memalign", "valloc", "pvalloc"});
}

bool is_standard(std::string_view name) {
  return begins_with_one_of(name, {"std::", "__gnu_cxx::"});
}

// What is below a fiber's or a thread's first function.
bool is_entry(std::string_view name) {
  return is_inside(name) || begins_with_one_of(name, {"fiber::", "boost::context::"}) ||
         is_one_of(name, {"make_fcontext", "jump_fcontext", "ontop_fcontext", "trampoline",
                          "start_thread", "clone", "clone3", "__clone3", "__clone",
                          "execute_native_thread_routine"});
}

bool is_library(std::string_view name) { return name.starts_with("fiber::") || is_inside(name); }

size_t inner_end(const std::vector<SourceFrame>& frames, TraceOf what) {
  size_t first = 0;
  while (first < frames.size() &&
         (is_library(base_name(frames[first])) || is_allocation(base_name(frames[first])))) {
    ++first;
  }
  if (what == TraceOf::kCreation || first == 0) return first;
  // The outermost of them is the function that the program called.
  std::string_view called = base_name(frames[first - 1]);
  return is_inside(called) || is_allocation(called) ? first : first - 1;
}

// Of the '(' at `open`, or the last character.
size_t closing_bracket(std::string_view text, size_t open) {
  int depth = 0;
  for (size_t i = open; i < text.size(); ++i) {
    if (text[i] == '(') ++depth;
    if (text[i] == ')' && --depth == 0) return i;
  }
  return text.size() - 1;
}

// The start of a std::thread has a name only where the library's symbols are installed.
bool is_entry(const SourceFrame& frame) {
  return is_entry(base_name(frame)) ||
         (frame.function.empty() && frame.module.starts_with("libstdc++.so"));
}

size_t outer_end(const std::vector<SourceFrame>& frames) {
  for (size_t i = 0; i < frames.size(); ++i) {
    if (frames[i].function == "main") return i + 1;
  }
  size_t last = frames.size();
  // Standard functions (std::invoke and its like) go with the entry they were called by.
  for (size_t i = last; i > 0; --i) {
    if (is_entry(frames[i - 1])) {
      last = i - 1;
    } else if (last == frames.size() || !is_standard(base_name(frames[i - 1]))) {
      break;
    }
  }
  if (last == frames.size()) return last;
  while (last > 0 && is_standard(base_name(frames[last - 1]))) --last;
  return last;
}

// A checked twin stands for the function of the C library that the program called.
constexpr std::string_view kTwin = "__fsan_libc_";

// "__snprintf_chk" is what snprintf becomes with _FORTIFY_SOURCE.
std::string_view plain_name(std::string_view name) {
  constexpr std::string_view kFortified = "_chk";
  if (!name.starts_with("__") || !name.ends_with(kFortified)) return name;
  name.remove_prefix(2);
  name.remove_suffix(kFortified.size());
  return name;
}

// The frames of one address: a twin and what was inlined into it are one frame.
void add_frames(std::vector<SourceFrame>& frames, const std::vector<SourceFrame>& here) {
  const SourceFrame& outer = here.back();
  if (!outer.function.starts_with(kTwin)) {
    frames.insert(frames.end(), here.begin(), here.end());
    return;
  }
  SourceFrame called;
  called.function = plain_name(std::string_view(outer.function).substr(kTwin.size()));
  called.module = outer.module;
  called.module_offset = outer.module_offset;
  called.c_library = true;
  frames.push_back(std::move(called));
}

}  // namespace

std::string_view without_return_type(std::string_view function) {
  constexpr std::string_view kAnonymous = "(anonymous namespace)";
  constexpr std::string_view kOperator = "operator";
  constexpr std::string_view kDecltype = "decltype(";
  size_t start = 0;
  int depth = 0;
  for (size_t i = 0; i < function.size(); ++i) {
    std::string_view rest = function.substr(i);
    if (rest.starts_with(kAnonymous)) {
      i += kAnonymous.size() - 1;
    } else if (rest.starts_with(kDecltype)) {
      i = closing_bracket(function, i + kDecltype.size() - 1);
    } else if (depth == 0 && i >= start && rest.starts_with(kOperator) &&
               (i == start || function[i - 1] == ':')) {
      break;  // its name may contain blanks and brackets
    } else if (function[i] == '<') {
      ++depth;
    } else if (function[i] == '>') {
      --depth;
    } else if (depth == 0 && function[i] == '(') {
      break;
    } else if (depth == 0 && function[i] == ' ') {
      start = i + 1;
    }
  }
  return function.substr(start);
}

void trim_frames(std::vector<SourceFrame>& frames, TraceOf what) {
  size_t first = inner_end(frames, what);
  size_t last = outer_end(frames);
  if (first >= last) return;  // X1
  frames.erase(frames.begin() + static_cast<ptrdiff_t>(last), frames.end());
  frames.erase(frames.begin(), frames.begin() + static_cast<ptrdiff_t>(first));
}

Trace make_trace(Symbolizer& symbolizer, const Stack& stack, TraceOf what) {
  Trace trace;
  for (uint32_t i = 0; i < stack.count; ++i) {
    // The instruction before the return address belongs to the call.
    add_frames(trace.frames, symbolizer.code(stack.pcs[i] - 1));
  }
  size_t before = trace.frames.empty() ? 0 : trace.frames.size();
  trim_frames(trace.frames, what);
  trace.cut = stack.cut && before == trace.frames.size();
  return trace;
}

SourceFrame summary_frame(const std::vector<SourceFrame>& frames) {
  for (const SourceFrame& frame : frames) {
    std::string_view name = base_name(frame);
    if (frame.function.empty() || frame.c_library || is_standard(name) ||
        name.starts_with("fiber::"))
      continue;
    return frame;
  }
  return frames.empty() ? SourceFrame() : frames[0];
}

}  // namespace fibersan
