SELECT id, username, email, status, silicon_level, consciousness_level, thinking_level
FROM users
WHERE email = $1
