// The first SET takes the lock: what is read after it is what is committed.
MATCH (l:DrillList {key: $key})
SET l.locked = true
SET l.list = l.list + $value
RETURN count(l) AS changed
