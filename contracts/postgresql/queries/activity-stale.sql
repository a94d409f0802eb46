-- One row, the last day that was counted, where it is too long ago; where none was, that. Days are those of UTC.
-- A row of a day that has not come yet would keep everything fresh until then: it does not count.
SELECT coalesce(day::text, 'nothing is there') AS id
FROM (SELECT max(day) AS day, max(day)::timestamp AT TIME ZONE 'UTC' AS newest FROM daily_activity
      WHERE day <= (${latest} AT TIME ZONE 'UTC')::date) found
WHERE newest IS NULL OR newest <= ${seeded} AND newest < ${seededStale} OR newest > ${seeded} AND newest < ${stale}
