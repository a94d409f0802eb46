-- Days with less than nothing of something.
SELECT concat(user_id, ' ', day) AS id FROM daily_activity WHERE least(sessions, contents, messages) < 0
