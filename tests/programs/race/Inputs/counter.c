// A counter in C, see ../c_accesses.cpp.
static int counter;

#ifdef FIXED
void counter_set(int value) { __atomic_store_n(&counter, value, __ATOMIC_RELEASE); }
int counter_get(void) { return __atomic_load_n(&counter, __ATOMIC_ACQUIRE); }
#else
void counter_set(int value) { counter = value; }

int counter_get(void) { return counter; }
#endif
