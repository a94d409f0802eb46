-- One row, the newest login, where it is too old; where there is none, that.
SELECT coalesce(newest::text, 'nothing is there') AS id FROM (SELECT max(created_at) AS newest FROM user_sessions) found
WHERE newest IS NULL OR newest <= ${seeded} AND newest < ${seededStale} OR newest > ${seeded} AND newest < ${stale}
