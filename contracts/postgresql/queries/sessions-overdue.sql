-- Sessions that expired longer ago than they are kept: an expired session is normal until it is purged.
SELECT id FROM user_sessions
WHERE expires_at < ${overdue} AND (coalesce(created_at, expires_at) > ${seeded} OR expires_at < ${seededOverdue})
