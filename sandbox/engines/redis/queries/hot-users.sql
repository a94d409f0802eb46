-- The users that were here last: worth having in the cache before they come back. $1: how many.
SELECT id, username, email, silicon_level, consciousness_level, thinking_level
FROM users
WHERE status = 'active'
ORDER BY last_login_at DESC NULLS LAST, id
LIMIT $1
