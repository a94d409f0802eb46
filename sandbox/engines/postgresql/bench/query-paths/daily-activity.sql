SELECT silicon_level, count(*) AS users, sum(sessions) AS sessions, sum(contents) AS contents, sum(messages) AS messages
FROM daily_activity
WHERE day = $1
GROUP BY silicon_level
ORDER BY silicon_level
