-- Removes the keys whose slot lies in none of the ranges ARGV (`0-5460`), and returns how many those were.
-- CRC16 of the key, or of what stands in its first pair of braces (Redis documentation, "Cluster specification").
local table_of = {}
for byte = 0, 255 do
  local crc = bit.lshift(byte, 8)
  for _ = 1, 8 do
    crc = bit.lshift(crc, 1)
    if crc >= 0x10000 then crc = bit.band(bit.bxor(crc, 0x1021), 0xffff) end
  end
  table_of[byte] = crc
end

local function slot_of(key)
  local open = string.find(key, '{', 1, true)
  local close = open and string.find(key, '}', open + 1, true)
  if close and close > open + 1 then key = string.sub(key, open + 1, close - 1) end
  local crc = 0
  for place = 1, #key do
    local index = bit.band(bit.bxor(bit.rshift(crc, 8), string.byte(key, place)), 0xff)
    crc = bit.band(bit.bxor(bit.lshift(crc, 8), table_of[index]), 0xffff)
  end
  return bit.band(crc, 16383)
end

local kept = {}
for _, range in ipairs(ARGV) do
  local first, last = string.match(range, '^(%d+)-(%d+)$')
  for slot = tonumber(first), tonumber(last) do kept[slot] = true end
end

local removed = 0
local cursor = '0'
repeat
  local page = redis.call('SCAN', cursor, 'COUNT', 1000)
  cursor = page[1]
  for _, key in ipairs(page[2]) do
    if not kept[slot_of(key)] then removed = removed + redis.call('DEL', key) end
  end
until cursor == '0'
return removed
