SELECT s.id, s.user_id, u.username, u.status
FROM user_sessions s
JOIN users u ON u.id = s.user_id
WHERE s.session_token = $1 AND s.expires_at > now()
