-- Users whose address is another one's but for case, for blanks around it, for what has no width, and for how Unicode writes
-- the same letter: the constraint takes both, and mail reaches one. NFKC makes a blank of each space but those of ASCII.
SELECT id FROM (
    SELECT id, row_number() OVER (PARTITION BY address ORDER BY created_at, id) AS number
    FROM users, lower(btrim(normalize(
        translate(email, U&'\200B\200C\200D\2060\FEFF', ''), NFKC), E' \t\n\x0B\f\r')) AS address
    WHERE address <> ''
) numbered
WHERE number > 1
