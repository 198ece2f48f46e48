/* A library that is not instrumented: messages that it owns, under a lock that nobody sees. */
#include "pool.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static atomic_flag lock = ATOMIC_FLAG_INIT;
static char* messages[64];
static int count;
static int state;

int* pool_state(void) { return &state; }

void pool_put(const char* text) {
  char* copy = malloc(strlen(text) + 1);
  strcpy(copy, text);
  while (atomic_flag_test_and_set(&lock)) {
  }
  messages[count++] = copy;
  atomic_flag_clear(&lock);
}

char* pool_borrow(void) {
  while (atomic_flag_test_and_set(&lock)) {
  }
  char* message = count > 0 ? messages[--count] : 0;
  atomic_flag_clear(&lock);
  return message;
}

void pool_give_back(char* message) { free(message); }
