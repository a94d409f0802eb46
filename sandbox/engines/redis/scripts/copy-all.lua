-- Empties the database ARGV[2] and copies all keys of ARGV[1] into it, with whatever is left of their lifetimes.
redis.call('SELECT', ARGV[2])
redis.call('FLUSHDB')
redis.call('SELECT', ARGV[1])
for _, key in ipairs(redis.call('KEYS', '*')) do redis.call('COPY', key, key, 'DB', ARGV[2]) end
return redis.call('DBSIZE')
