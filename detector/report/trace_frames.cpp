#include "detector/report/trace_frames.h"

#include <algorithm>
#include <cctype>
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
  return begins_with_one_of(name, {"std::", "__gnu_cxx::", "__gthread_"});
}

// What creates an OS thread: the program's own code called it.
bool is_thread_creation(std::string_view name) {
  return begins_with_one_of(name, {"std::thread::", "std::jthread::", "std::async", "std::__future",
                                   "__gthread_create"}) ||
         is_one_of(name, {"pthread_create", "thrd_create"});
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
  if (what == TraceOf::kCreation) {
    while (first < frames.size() && is_thread_creation(base_name(frames[first]))) ++first;
    return first;
  }
  if (first == 0) return first;
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
  // What the kernel lets a signal's handler return to has no name.
  if (last >= 2 && frames[last - 1].function.empty() && is_inside(base_name(frames[last - 2])))
    --last;
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

// Where "<" at `open` closes, or the end.
size_t closing_angle(std::string_view text, size_t open) {
  int depth = 0;
  for (size_t i = open; i < text.size(); ++i) {
    if (text[i] == '<') ++depth;
    if (text[i] == '>' && text[i - 1] != '-' && --depth == 0) return i;
  }
  return text.size();
}

// The first of the template arguments that begin behind `open`.
std::string_view first_argument(std::string_view text, size_t open) {
  int depth = 0;
  for (size_t i = open + 1; i < text.size(); ++i) {
    if (text[i] == '<' || text[i] == '(') ++depth;
    if (depth == 0 && (text[i] == '>' || text[i] == ','))
      return text.substr(open + 1, i - open - 1);
    if (text[i] == '>' || text[i] == ')') --depth;
  }
  return text.substr(open + 1);
}

// Behind the parameters of a function: how much of it belongs to the function's own name, when what
// follows is local to it, or is what a function that returns such a thing is called; npos: neither.
size_t scope_behind(std::string_view rest) {
  if (rest.starts_with("::")) return 0;
  if (rest.starts_with(" const::")) return std::string_view(" const").size();
  const bool is_name =
      rest.size() > 1 && rest[0] == ' ' && (isalpha(rest[1]) != 0 || rest[1] == '_');
  return is_name && !begins_with_one_of(rest, {" const", " volatile", " noexcept"})
             ? 0
             : std::string_view::npos;
}

// Without debug information inlined functions have no frames. What a fiber or a thread runs is
// then part of the template that calls it, which names its type: "f()::$_0::operator()".
std::string called_by_entry(std::string_view name) {
  if (!begins_with_one_of(name, {"fiber::internal::run_call<", "std::thread::_State_impl<"}))
    return "";
  for (const std::string_view holder : {"fiber::internal::Stored<", "std::tuple<"}) {
    const size_t at = name.rfind(holder);
    if (at == name.npos) continue;
    const std::string_view callable = first_argument(name, at + holder.size() - 1);
    if (callable.find("(*)") != callable.npos) return "";  // a function's type is not its name
    return std::string(callable) + "::operator()";
  }
  return "";
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

void name_inlined_callables(std::vector<SourceFrame>& frames) {
  for (size_t i = 0; i < frames.size(); ++i) {
    const std::string name = frames[i].line == 0 ? called_by_entry(base_name(frames[i])) : "";
    const auto is_it = [&](const SourceFrame& inner) { return base_name(inner).starts_with(name); };
    const auto here = frames.begin() + static_cast<ptrdiff_t>(i);
    if (!name.empty() && std::none_of(frames.begin(), here, is_it)) frames[i].function = name;
  }
}

}  // namespace

std::string public_name(const std::string& function) {
  for (const std::string_view base : {"fiber::internal::Sending<", "fiber::internal::Receiving<"}) {
    const size_t begin = function.find(base);
    if (begin == function.npos) continue;
    const size_t open = begin + base.size() - 1;
    const size_t close = closing_angle(function, open);
    const size_t self = open + first_argument(function, open).size() + 3;  // behind ", "
    if (close == function.size() || self >= close) continue;
    return function.substr(0, begin) + function.substr(self, close - self) +
           function.substr(close + 1);
  }
  return function;
}

std::string without_copy_suffix(std::string function) {
  for (const std::string_view suffix :
       {" (.fibersan)", " (.fibersan.unchecked)", ".unchecked", ".fibersan"}) {
    if (function.ends_with(suffix)) function.resize(function.size() - suffix.size());
  }
  return function;
}

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
      const std::string_view symbol = rest.substr(kOperator.size());
      if (!symbol.starts_with("()")) break;  // its name may contain blanks and brackets
      i += kOperator.size() + 1;
    } else if (function[i] == '<') {
      ++depth;
    } else if (function[i] == '>') {
      --depth;
    } else if (depth == 0 && function[i] == '(') {
      const size_t close = closing_bracket(function, i);
      const size_t part_of_scope = scope_behind(function.substr(close + 1));
      if (part_of_scope == std::string_view::npos) break;
      i = close + part_of_scope;
    } else if (depth == 0 && function[i] == ' ') {
      start = i + 1;
    }
  }
  return function.substr(start);
}

void add_frames(std::vector<SourceFrame>& frames, const std::vector<SourceFrame>& here) {
  const SourceFrame& outer = here.back();
  if (!outer.function.starts_with(kTwin)) {
    for (const SourceFrame& frame : here) {
      frames.push_back(frame);
      frames.back().function = public_name(frame.function);
    }
    return;
  }
  SourceFrame called;
  called.function = plain_name(std::string_view(outer.function).substr(kTwin.size()));
  called.module = outer.module;
  called.module_offset = outer.module_offset;
  called.c_library = true;
  frames.push_back(std::move(called));
}

void trim_frames(std::vector<SourceFrame>& frames, TraceOf what) {
  name_inlined_callables(frames);
  size_t first = inner_end(frames, what);
  size_t last = outer_end(frames);
  if (first >= last) return;  // X1
  frames.erase(frames.begin() + static_cast<ptrdiff_t>(last), frames.end());
  frames.erase(frames.begin(), frames.begin() + static_cast<ptrdiff_t>(first));
}

void trim(Trace& trace, TraceOf what) {
  const size_t before = trace.frames.size();
  trim_frames(trace.frames, what);
  trace.cut = trace.cut && before == trace.frames.size();
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
