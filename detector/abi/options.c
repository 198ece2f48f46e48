// options.c: the parser behind options.h, shared by the detector and the runtime.
//
// Not here: what values mean together, e.g. which words `color` knows; the owner of
//           the targets checks that after the call.
//
// Invariants
//   O1  Text targets point into one copy of the variable that lives as long as the
//       process: later changes of the environment do not reach them.
//   O2  Nothing of the C++ library is used: this runs before the first constructor.
#include "options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LONGEST_KEY 64

_Noreturn static void fail(void) {
  fflush(stderr);
  _exit(1);
}

static int is_separator(char c) {
  return c == ':' || c == ',' || c == ' ' || c == '\t' || c == '\n';
}

// Levenshtein distance, one row at a time. Keys longer than LONGEST_KEY are cut:
// they are no misspelling of any name that we have.
static size_t edit_distance(const char* a, const char* b) {
  size_t row[LONGEST_KEY + 1];
  size_t a_length = strnlen(a, LONGEST_KEY);
  size_t b_length = strnlen(b, LONGEST_KEY);
  for (size_t j = 0; j <= b_length; ++j) row[j] = j;
  for (size_t i = 1; i <= a_length; ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b_length; ++j) {
      size_t above = row[j];
      size_t best = diagonal + (a[i - 1] != b[j - 1]);
      if (above + 1 < best) best = above + 1;
      if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
      row[j] = best;
      diagonal = above;
    }
  }
  return row[b_length];
}

static const struct fsan_option* find(const char* key, const struct fsan_option* options,
                                      size_t count) {
  for (size_t i = 0; i < count; ++i) {
    if (strcmp(options[i].name, key) == 0) return &options[i];
  }
  return NULL;
}

_Noreturn static void unknown_key(const char* variable, const char* key,
                                  const struct fsan_option* options, size_t count) {
  const struct fsan_option* nearest = NULL;
  size_t nearest_distance = (size_t)-1;
  for (size_t i = 0; i < count; ++i) {
    size_t distance = edit_distance(key, options[i].name);
    if (distance < nearest_distance) {
      nearest_distance = distance;
      nearest = &options[i];
    }
  }
  fprintf(stderr, "FiberSan: unknown option '%s' in %s", key, variable);
  if (nearest != NULL) fprintf(stderr, "; did you mean '%s'?", nearest->name);
  fputc('\n', stderr);
  fail();
}

static const char* expectation(enum fsan_option_type type) {
  switch (type) {
    case FSAN_OPTION_flag:
      return "0 or 1";
    case FSAN_OPTION_number:
      return "a whole number";
    case FSAN_OPTION_text:
      return "text";
  }
  return "";
}

static int is_one_of(const char* value, const char* first, const char* second, const char* third) {
  return strcmp(value, first) == 0 || strcmp(value, second) == 0 || strcmp(value, third) == 0;
}

// Returns 0 when the value does not fit the option's type.
static int assign(const struct fsan_option* option, const char* value) {
  switch (option->type) {
    case FSAN_OPTION_flag:
      if (is_one_of(value, "1", "true", "yes")) {
        *(int64_t*)option->target = 1;
        return 1;
      }
      if (is_one_of(value, "0", "false", "no")) {
        *(int64_t*)option->target = 0;
        return 1;
      }
      return 0;
    case FSAN_OPTION_number: {
      char* end = NULL;
      errno = 0;
      long long number = strtoll(value, &end, 0);
      if (end == value || *end != '\0' || errno == ERANGE) return 0;
      *(int64_t*)option->target = number;
      return 1;
    }
    case FSAN_OPTION_text:
      *(const char**)option->target = value;
      return 1;
  }
  return 0;
}

static void assign_or_fail(const char* variable, const struct fsan_option* option,
                           const char* value) {
  if (assign(option, value)) return;
  fprintf(stderr, "FiberSan: unusable value '%s' for option '%s' in %s: expected %s\n", value,
          option->name, variable, expectation(option->type));
  fail();
}

// Cuts one "key=value" off the front of `text`. A value in '…' or "…" may contain
// separators. Returns what follows, or NULL when nothing was left.
static char* next_pair(char* text, char** key, char** value) {
  while (is_separator(*text)) ++text;
  if (*text == '\0') return NULL;
  *key = text;
  *value = NULL;
  while (*text != '\0' && *text != '=' && !is_separator(*text)) ++text;
  if (*text == '=') {
    *text++ = '\0';
    char quote = *text == '\'' || *text == '"' ? *text++ : '\0';
    *value = text;
    while (*text != '\0' && (quote != '\0' ? *text != quote : !is_separator(*text))) ++text;
  }
  if (*text != '\0') *text++ = '\0';
  return text;
}

static void print_table(const char* variable, const struct fsan_option* options, size_t count) {
  printf("Options of %s (key=value, separated by ':', ',' or blanks):\n", variable);
  for (size_t i = 0; i < count; ++i) {
    const char* value = options[i].default_value;
    printf("  %-26s %s (default: %s)\n", options[i].name, options[i].help,
           *value == '\0' ? "empty" : value);
  }
  fflush(stdout);
  _exit(0);
}

static void assign_all(const char* source, const char* text, const struct fsan_option* options,
                       size_t count) {
  if (text == NULL) return;
  char* rest = strdup(text);  // O1
  if (rest == NULL) {
    fprintf(stderr, "FiberSan: no memory to read %s\n", source);
    fail();
  }
  char* key = NULL;
  char* value = NULL;
  while ((rest = next_pair(rest, &key, &value)) != NULL) {
    const struct fsan_option* option = find(key, options, count);
    if (option == NULL) unknown_key(source, key, options, count);
    if (value == NULL) {
      fprintf(stderr, "FiberSan: option '%s' in %s has no value: write %s=<%s>\n", key, source, key,
              expectation(option->type));
      fail();
    }
    assign_or_fail(source, option, value);
  }
}

void fsan_read_options_over(const char* name, const char* built_in, const char* variable,
                            const struct fsan_option* options, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    assign_or_fail(variable, &options[i], options[i].default_value);
  }
  assign_all(name, built_in, options, count);
  assign_all(variable, getenv(variable), options, count);
  const struct fsan_option* help = find("help", options, count);
  if (help != NULL && *(int64_t*)help->target != 0) print_table(variable, options, count);
}

void fsan_read_options(const char* variable, const struct fsan_option* options, size_t count) {
  fsan_read_options_over(variable, NULL, variable, options, count);
}
