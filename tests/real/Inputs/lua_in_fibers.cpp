// Many Lua states, each in a fiber of its own, on all processors: no report. With `race` two
// fibers write one variable that Lua hands them the address of.
#include <fiber/fiber.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

extern "C" {
#include "lauxlib.h"
#include "lua.h"
#include "lualib.h"
}

namespace {

constexpr int kFibers = 16;
int shared = 0;

__attribute__((noinline)) void race_here(int* place) { *place += 1; }

int touch(lua_State* state) {
  race_here(static_cast<int*>(lua_touserdata(state, 1)));
  return 0;
}

// Coroutines and errors of Lua are longjmp or exceptions, tables and strings are its heap.
constexpr const char* kScript = R"(
  local words, sum = {}, 0
  for i = 1, 2000 do words[i] = ("w%d"):format(i * 7919 % 1000) end
  table.sort(words)
  for _, word in ipairs(words) do sum = sum + #word end
  local generator = coroutine.wrap(function() for i = 1, 100 do coroutine.yield(i) end end)
  for _ = 1, 100 do sum = sum + generator() end
  local ok = pcall(function() error("caught") end)
  return ok and 0 or sum
)";

long run_script(void* place) {
  lua_State* state = luaL_newstate();
  luaL_openlibs(state);
  if (luaL_dostring(state, kScript) != LUA_OK) std::abort();
  long result = lua_tointeger(state, -1);
  if (place != nullptr) {
    lua_pushcfunction(state, touch);
    lua_pushlightuserdata(state, place);
    lua_call(state, 1, 0);
  }
  lua_close(state);
  return result;
}

}  // namespace

int main(int count, char** arguments) {
  return fiber::run([&] {
    void* place = count > 1 && std::strcmp(arguments[1], "race") == 0 ? &shared : nullptr;
    fiber::Channel<long> results(kFibers);
    for (int i = 0; i < kFibers; ++i)
      fiber::go({.name = "lua", .stack_size = size_t{1} << 20},
                [=]() mutable { results.send(run_script(place)); });
    for (int i = 0; i < kFibers; ++i)
      if (*results.receive() != 12830) std::abort();
    return 0;
  });
}
