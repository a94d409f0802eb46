// The first SET takes the lock: what is read after it is what is committed.
MATCH (r:DrillRegister {key: $key})
SET r.locked = true
WITH r WHERE r.value = $from
SET r.value = $to
RETURN count(r) AS changed
