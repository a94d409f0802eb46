-- One row, the newest registration, where it is too old: nobody has registered since, or registrations are lost; where there is none, that.
SELECT coalesce(newest::text, 'nothing is there') AS id FROM (SELECT max(created_at) AS newest FROM users) found
WHERE newest IS NULL OR newest <= ${seeded} AND newest < ${seededStale} OR newest > ${seeded} AND newest < ${stale}
