SHOW TRANSACTIONS YIELD database, username, elapsedTime WHERE username <> $login
RETURN database, count(*) AS active, max(elapsedTime.milliseconds) AS oldest_milliseconds
