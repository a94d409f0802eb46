SELECT database.datname AS database, min(seen.query) AS statement, sum(seen.calls)::int AS calls,
       max(seen.max_exec_time) AS slowest_ms
FROM pg_stat_statements AS seen
JOIN pg_database AS database ON database.oid = seen.dbid
JOIN pg_roles AS role ON role.oid = seen.userid AND NOT role.rolsuper
WHERE database.datname = ANY ($1) AND seen.toplevel
  AND seen.query ~* '^\s*((--[^\n]*\n|/\*.*?\*/)\s*)*\(*\s*(SELECT|INSERT|UPDATE|DELETE|MERGE|WITH|VALUES|TABLE)\M'
GROUP BY database.datname, seen.queryid
ORDER BY calls DESC, statement
