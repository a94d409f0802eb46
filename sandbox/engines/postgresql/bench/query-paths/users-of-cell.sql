SELECT id
FROM users
WHERE silicon_level = $1 AND consciousness_level = $2 AND thinking_level = $3
ORDER BY id
LIMIT 50
