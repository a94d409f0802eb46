-- One row, the last day that was counted, where it is too long ago; where none was, that. Days are those of UTC.
SELECT coalesce(day::text, 'nothing is there') AS id
FROM (SELECT max(day) AS day, max(day)::timestamp AT TIME ZONE 'UTC' AS newest FROM daily_activity) found
WHERE newest IS NULL OR newest <= ${seeded} AND newest < ${seededStale} OR newest > ${seeded} AND newest < ${stale}
