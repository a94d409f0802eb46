// Locks in the order of the accounts, so that two transfers never wait for each other.
MATCH (a:DrillAccount) WHERE a.account IN [$from, $to]
WITH a ORDER BY a.account
SET a.locked = true
WITH collect(a) AS accounts
WITH [a IN accounts WHERE a.account = $from][0] AS source, [a IN accounts WHERE a.account = $to][0] AS target
WHERE source.balance >= $amount
SET source.balance = source.balance - $amount, target.balance = target.balance + $amount
RETURN count(source) AS changed
