-- Permissions that are there twice. NULL is a value here: a permission on everything.
SELECT id FROM (
    SELECT id, row_number() OVER (
        PARTITION BY user_id, permission_name, resource_type, resource_id ORDER BY granted_at, id
    ) AS number
    FROM user_permissions
) numbered
WHERE number > 1
