// One row, the newest one, where it is too old; where there is none, that.
// A moment that has not come yet would keep everything fresh until then, and a text or a number, which are more than any
// moment, for ever: they do not count.
MATCH (x:User) WHERE x.created_at IS :: ZONED DATETIME NOT NULL AND x.created_at <= ${latest}
WITH max(x.created_at) AS newest
WHERE newest IS NULL OR newest <= ${seeded} AND newest < ${seededStale} OR newest > ${seeded} AND newest < ${stale}
RETURN coalesce(toString(newest), 'nothing is there') AS id
