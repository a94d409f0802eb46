-- One row, the newest location, where it is too old.
SELECT newest AS id FROM (SELECT max(recorded_at) AS newest FROM user_locations) found
WHERE newest <= ${seeded} AND newest < ${seededStale} OR newest > ${seeded} AND newest < ${stale}
