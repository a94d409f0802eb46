-- One row, the newest location, where it is too old; where there is none, that.
-- A row of a day that has not come yet would keep everything fresh until then: it does not count.
SELECT coalesce(newest::text, 'nothing is there') AS id FROM (SELECT max(recorded_at) AS newest FROM user_locations WHERE recorded_at <= ${latest}) found
WHERE newest IS NULL OR newest <= ${seeded} AND newest < ${seededStale} OR newest > ${seeded} AND newest < ${stale}
