-- Permissions that were over when they were granted.
SELECT id FROM user_permissions WHERE expires_at <= granted_at
