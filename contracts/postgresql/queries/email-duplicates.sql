-- Users whose address is another one's but for case and blanks around it: the constraint takes both, and mail reaches one.
SELECT id FROM (
    SELECT id, row_number() OVER (PARTITION BY lower(btrim(email)) ORDER BY created_at, id) AS number
    FROM users WHERE btrim(email) <> ''
) numbered
WHERE number > 1
