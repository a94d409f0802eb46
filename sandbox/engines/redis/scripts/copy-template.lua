-- Empties the database ARGV[2] and fills it from the template in ARGV[1], whose lifetimes are in the database ARGV[3].
-- Returns the number of keys, and the server's time in milliseconds that their lifetimes begin at.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('SELECT', ARGV[2])
redis.call('FLUSHDB')
redis.call('SELECT', ARGV[1])
local count = 0
for _, key in ipairs(redis.call('KEYS', '*')) do
  count = count + redis.call('COPY', key, key, 'DB', ARGV[2])
end
redis.call('SELECT', ARGV[3])
local lifetimes = redis.call('HGETALL', 'taishang:lifetimes:' .. ARGV[1])
redis.call('SELECT', ARGV[2])
for index = 1, #lifetimes, 2 do
  redis.call('PEXPIREAT', lifetimes[index], string.format('%.0f', now + lifetimes[index + 1]))
end
return {count, string.format('%.0f', now)}
