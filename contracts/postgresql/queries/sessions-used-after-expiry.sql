-- Sessions that were used after they had expired: somebody does not look at expires_at.
SELECT id FROM user_sessions WHERE last_accessed_at > expires_at
