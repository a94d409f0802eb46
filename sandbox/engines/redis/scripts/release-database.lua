-- Empties the database that ARGV[1] has and gives it back. ARGV[2]: the one that has the list of those taken.
redis.call('SELECT', ARGV[2])
local number = redis.call('HGET', 'taishang:places', ARGV[1])
if not number then return 0 end
redis.call('DEL', 'taishang:lifetimes:' .. number)
redis.call('SELECT', number)
redis.call('FLUSHDB')
redis.call('SELECT', ARGV[2])
redis.call('HDEL', 'taishang:places', ARGV[1])
return 1
