-- The oldest first and in batches, past rows that another sweeper has: so sweeps stay short and run side by side.
DELETE FROM user_sessions
WHERE id IN (
    SELECT id
    FROM user_sessions
    WHERE expires_at < $1
    ORDER BY expires_at
    LIMIT 100
    FOR UPDATE SKIP LOCKED
)
