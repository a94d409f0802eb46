// One row, the newest one, where it is too old; where there is none, that.
MATCH (x:User)
WITH max(x.created_at) AS newest
WHERE newest IS NULL OR newest <= ${seeded} AND newest < ${seededStale} OR newest > ${seeded} AND newest < ${stale}
RETURN coalesce(toString(newest), 'nothing is there') AS id
