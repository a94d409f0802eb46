-- Holds the server for more than a second: it shows the time while a script runs.
local function now()
  local time = redis.call('TIME')
  return time[1] * 1000 + time[2] / 1000
end
local begun = now()
while now() - begun < 1100 do
  for _ = 1, 100000 do
  end
end
return 'done'
