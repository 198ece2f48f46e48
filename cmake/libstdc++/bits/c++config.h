// c++config.h: libstdc++'s own, in instrumented code, with two settings changed.
//
// The members of std::string are compiled into libstdc++.so once for all, where nobody checks
// what they do to the string. -1 is libstdc++'s own value for "compile basic_string into its
// users, and nothing else": from C++20 on that is so anyway. Streams stay in the library: what
// std::cout does to itself is no race. (bits/c++config.h sets the macro without asking, so that
// -D has no effect.)
//
// For race detectors libstdc++ leaves out that a shared_ptr looks at both of its counts at once
// before it drops a reference.
#pragma GCC system_header
#include_next <bits/c++config.h>
#ifdef _GLIBCXX_EXTERN_TEMPLATE
#undef _GLIBCXX_EXTERN_TEMPLATE
#define _GLIBCXX_EXTERN_TEMPLATE -1
#endif
#undef _GLIBCXX_TSAN
#define _GLIBCXX_TSAN 1
