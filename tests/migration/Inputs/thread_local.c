// C's thread-locals.
__thread int declared_in_c = 0;
static _Thread_local int hidden[4];

int add_in_c(int by) { return hidden[1] += by; }

static char* this_thread(void) {
  char* pointer;
  __asm__ volatile("movq %%fs:0, %0" : "=r"(pointer));
  return pointer;
}

int loop_in_c(int rounds, void (*between)(void)) {
  long place = (char*)&hidden[2] - this_thread();
  for (int i = 0; i < rounds; ++i) {
    hidden[2] = i;
    between();
    if ((char*)&hidden[2] - this_thread() != place) __builtin_trap();
  }
  return hidden[2];
}
