-- What keeps a database from being dropped, sessions apart. $1: its name.
SELECT 'prepared transaction' AS kind, gid AS name, NULL::int AS pid FROM pg_prepared_xacts WHERE database = $1
UNION ALL
SELECT 'slot', slot_name, active_pid FROM pg_replication_slots WHERE database = $1
UNION ALL
SELECT 'subscription', s.subname, NULL FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid WHERE d.datname = $1
