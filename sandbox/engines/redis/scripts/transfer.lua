-- Moves ARGV[3] from the account ARGV[1] to ARGV[2] of the bank KEYS[1], unless it would be overdrawn.
if tonumber(redis.call('HGET', KEYS[1], ARGV[1])) < tonumber(ARGV[3]) then return 0 end
redis.call('HINCRBY', KEYS[1], ARGV[1], -ARGV[3])
redis.call('HINCRBY', KEYS[1], ARGV[2], ARGV[3])
return 1
