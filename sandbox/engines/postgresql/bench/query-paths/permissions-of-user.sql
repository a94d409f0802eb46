SELECT permission_name, resource_type, resource_id
FROM user_permissions
WHERE user_id = $1 AND (expires_at IS NULL OR expires_at > now())
