INSERT INTO user_preferences (user_id, preference_key, preference_value)
VALUES ($1, $2, $3)
ON CONFLICT (user_id, preference_key) DO UPDATE SET preference_value = EXCLUDED.preference_value
-- No older version of the row: it was not there.
RETURNING xmax = 0 AS inserted, preference_key
