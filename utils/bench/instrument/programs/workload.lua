-- What the Lua interpreter runs as a benchmark: calls, tables, strings, closures. No coroutines:
-- ThreadSanitizer's function stack underflows on the longjmp that leaves one.
local function fib(n) if n < 2 then return n end return fib(n - 1) + fib(n - 2) end

local words = {}
for i = 1, 60000 do
  local word = string.format("%s-%d", string.char(97 + i % 26), i * 7919 % 4001)
  words[word] = (words[word] or 0) + #word
end
local keys = {}
for word in pairs(words) do keys[#keys + 1] = word end
table.sort(keys)

local function counter(step)
  local at = 0
  return function() at = at + step return at end
end
local numbers, sum = counter(3), 0
for i = 1, 300000 do sum = sum + numbers() % 17 end

print(fib(27), #keys, keys[100], words[keys[100]], sum)
