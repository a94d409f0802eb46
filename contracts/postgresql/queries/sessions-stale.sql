-- One row, the newest login, where it is too old.
SELECT newest AS id FROM (SELECT max(created_at) AS newest FROM user_sessions) found
WHERE newest <= ${seeded} AND newest < ${seededStale} OR newest > ${seeded} AND newest < ${stale}
