// A data base for each fiber, on all processors, then one for all, behind its recursive mutex: no
// report. With `race` two of them call a function of the program that writes one variable.
#include <fiber/fiber.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "sqlite3.h"

namespace {

constexpr int kFibers = 8;
int shared = 0;

__attribute__((noinline)) void race_here(int* place) { *place += 1; }

void touch(sqlite3_context* context, int, sqlite3_value**) {
  race_here(static_cast<int*>(sqlite3_user_data(context)));
}

void execute(sqlite3* base, const char* sql) {
  char* error = nullptr;
  if (sqlite3_exec(base, sql, nullptr, nullptr, &error) != SQLITE_OK) {
    std::fprintf(stderr, "%s: %s\n", sql, error);
    std::abort();
  }
}

void use_base(void* place) {
  sqlite3* base = nullptr;
  if (sqlite3_open(":memory:", &base) != SQLITE_OK) std::abort();
  execute(base, "create table t(a integer primary key, b text); create index i on t(b)");
  execute(base,
          "with recursive n(x) as (select 1 union all select x + 1 from n where x < 3000) "
          "insert into t select x, 'word ' || (x * 7919 % 1009) from n");
  execute(base, "select count(*), max(b) from t where b like '%9%' group by a % 10 order by 2");
  execute(base, "update t set b = upper(b) where a % 3 = 0; delete from t where a % 5 = 0");
  if (place != nullptr) {
    sqlite3_create_function(base, "touch", 0, SQLITE_UTF8, place, touch, nullptr, nullptr);
    execute(base, "select touch()");
  }
  sqlite3_close(base);
}

// Statements that take many time slices.
void share_base(sqlite3* base, int fiber) {
  for (int i = 0; i < 2; ++i) {
    execute(base,
            "insert into s with recursive n(x) as (select 1 union all select x + 1 from n where "
            "x < 2000) select x % 7, x from n");
    if (fiber % 2 == 0) execute(base, "delete from s where b % 5 = 0");
    execute(base, "select a, sum(b) from s group by a order by 2");
  }
}

}  // namespace

int main(int count, char** arguments) {
  // SQLite tests without a lock whether it is initialised, which is a data race when it is not.
  // Statistics of memory are counted under one mutex, which would order all fibers.
  if (sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0) != SQLITE_OK || sqlite3_initialize() != SQLITE_OK)
    std::abort();
  return fiber::run([&] {
    void* place = count > 1 && std::strcmp(arguments[1], "race") == 0 ? &shared : nullptr;
    fiber::WaitGroup all;
    for (int i = 0; i < kFibers; ++i)
      all.go({.name = "sqlite", .stack_size = size_t{1} << 20}, [=] { use_base(place); });
    all.wait();
    if (place != nullptr) return 0;
    sqlite3* base = nullptr;
    if (sqlite3_open(":memory:", &base) != SQLITE_OK) std::abort();
    execute(base, "create table s(a integer, b integer)");
    for (int i = 0; i < kFibers; ++i)
      all.go({.name = "sqlite", .stack_size = size_t{1} << 20}, [=] { share_base(base, i); });
    all.wait();
    sqlite3_close(base);
    return 0;
  });
}
