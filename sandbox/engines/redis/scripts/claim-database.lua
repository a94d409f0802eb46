-- Takes a database that is empty and that nobody has, and returns its number; -1 where there is none.
-- ARGV[1]: number of databases. ARGV[2]: name of whoever takes it. ARGV[3]: the one that has the list of those taken.
-- Those with the highest numbers first: an application that uses more than one counts from 0.
redis.call('SELECT', ARGV[3])
local taken = {}
for _, number in ipairs(redis.call('HVALS', 'taishang:places')) do taken[number] = true end
for number = tonumber(ARGV[1]) - 1, 1, -1 do
  if not taken[tostring(number)] and tostring(number) ~= ARGV[3] then
    redis.call('SELECT', number)
    if redis.call('DBSIZE') == 0 then
      redis.call('SELECT', ARGV[3])
      redis.call('HSET', 'taishang:places', ARGV[2], number)
      return number
    end
  end
end
return -1
