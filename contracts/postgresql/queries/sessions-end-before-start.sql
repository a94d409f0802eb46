-- Sessions that were over when they began.
SELECT id FROM user_sessions WHERE expires_at <= created_at
