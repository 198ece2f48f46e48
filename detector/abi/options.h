// options.h: reads the options of one environment variable into their variables.
//
// Input:    "key=value:key=value", separated by ':' , ',' or white space.
// Output:   the targets, each first set to its default.
// Errors:   an unknown key (with the nearest known one) or an unusable value is one
//           line on standard error and exit status 1; help=1 prints the table, exit 0.
// Threads:  called once for each variable, before main.
#ifndef FIBERSAN_DETECTOR_ABI_OPTIONS_H
#define FIBERSAN_DETECTOR_ABI_OPTIONS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum fsan_option_type { FSAN_OPTION_flag, FSAN_OPTION_number, FSAN_OPTION_text };

struct fsan_option {
  const char* name;
  enum fsan_option_type type;
  void* target;               // flag and number: int64_t*; text: const char**
  const char* default_value;  // as it would be typed
  const char* help;
};

void fsan_read_options(const char* variable, const struct fsan_option* options, size_t count);

// The same over `built_in`, options of the program's own in the same form, which `name` names in
// errors; null: it has none.
void fsan_read_options_over(const char* name, const char* built_in, const char* variable,
                            const struct fsan_option* options, size_t count);

#ifdef __cplusplus
}
#endif

#endif  // FIBERSAN_DETECTOR_ABI_OPTIONS_H
