#ifdef __cplusplus
extern "C" {
#endif
int* pool_state(void);
void pool_put(const char* text);
char* pool_borrow(void);
void pool_give_back(char* message);
#ifdef __cplusplus
}
#endif
