-- Copies the database ARGV[1] into the empty one ARGV[2]. Keys that expire stay there, with their lifetime of now beside
-- them in the database ARGV[3]: what is made of the template later is as it would have been at this moment.
-- Returns the number of keys, and the server's time in milliseconds that their lifetimes are counted from.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('SELECT', ARGV[1])
local count = 0
for _, key in ipairs(redis.call('KEYS', '*')) do
  local expiry = redis.call('PEXPIRETIME', key)
  if redis.call('COPY', key, key, 'DB', ARGV[2], 'REPLACE') == 1 then
    count = count + 1
    if expiry >= 0 then
      redis.call('SELECT', ARGV[2])
      redis.call('PERSIST', key)
      redis.call('SELECT', ARGV[3])
      redis.call('HSET', 'taishang:lifetimes:' .. ARGV[2], key, string.format('%.0f', expiry - now))
      redis.call('SELECT', ARGV[1])
    end
  end
end
return {count, string.format('%.0f', now)}
