#!lua name=taishang
-- The platform's lock: released and extended only by whoever holds the token it was taken with.
-- It excludes others only while this primary lives: a failover may forget the lock (replication is asynchronous),
-- and a holder that is paused beyond the lifetime has lost it without knowing. Guard what must be exact with a
-- fencing token at the store that is written to.

-- KEYS[1]: the lock. ARGV[1]: the holder's token. Returns 1 if it was released, 0 if it was not ours.
local function release_lock(keys, args)
  if redis.call('GET', keys[1]) == args[1] then
    return redis.call('DEL', keys[1])
  end
  return 0
end

-- KEYS[1]: the lock. ARGV[1]: the holder's token. ARGV[2]: new lifetime in milliseconds. Returns 1 if extended.
local function extend_lock(keys, args)
  if redis.call('GET', keys[1]) == args[1] then
    return redis.call('PEXPIRE', keys[1], args[2])
  end
  return 0
end

redis.register_function('taishang_release_lock', release_lock)
redis.register_function('taishang_extend_lock', extend_lock)
