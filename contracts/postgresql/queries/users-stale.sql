-- One row, the newest registration, where it is too old: nobody has registered since, or registrations are lost; where there is none, that.
-- A row of a day that has not come yet would keep everything fresh until then: it does not count.
SELECT coalesce(newest::text, 'nothing is there') AS id FROM (SELECT max(created_at) AS newest FROM users WHERE created_at <= ${latest}) found
WHERE newest IS NULL OR newest <= ${seeded} AND newest < ${seededStale} OR newest > ${seeded} AND newest < ${stale}
