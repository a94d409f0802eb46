// One row, the newest one, where it is too old.
MATCH (x:User)
WITH max(x.created_at) AS newest
WHERE newest <= ${seeded} AND newest < ${seededStale} OR newest > ${seeded} AND newest < ${stale}
RETURN toString(newest) AS id
