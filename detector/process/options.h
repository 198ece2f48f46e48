// options.h: FIBERSAN_OPTIONS, one member for each detector row of options.def.
//
// Input:    the environment, once, before main.
// Errors:   see detector/abi/options.h; a word that an option does not know likewise ends
//           the process with one line and status 1.
// Threads:  written before main, constant afterwards.
#ifndef FIBERSAN_DETECTOR_PROCESS_OPTIONS_H
#define FIBERSAN_DETECTOR_PROCESS_OPTIONS_H

#include <cstdint>

namespace fibersan {

#define FSAN_MEMBER_flag int64_t
#define FSAN_MEMBER_number int64_t
#define FSAN_MEMBER_text const char*
#define FSAN_INITIAL_flag(value) value
#define FSAN_INITIAL_number(value) value
#define FSAN_INITIAL_text(value) value
#define FSAN_SCOPE_detector(type, name, value) FSAN_MEMBER_##type name = FSAN_INITIAL_##type(value);
#define FSAN_SCOPE_runtime(type, name, value)
#define FSAN_OPTION(scope, type, name, value, help) FSAN_SCOPE_##scope(type, name, value)
struct Options {
#include "detector/abi/options.def"
};
#undef FSAN_OPTION
#undef FSAN_SCOPE_detector
#undef FSAN_SCOPE_runtime
#undef FSAN_INITIAL_flag
#undef FSAN_INITIAL_number
#undef FSAN_INITIAL_text
#undef FSAN_MEMBER_flag
#undef FSAN_MEMBER_number
#undef FSAN_MEMBER_text

extern Options options;

// Over `own`, the options that are built into the program; null: none.
void read_detector_options(const char* own = nullptr);

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_PROCESS_OPTIONS_H
