-- What is the user's, and in no dump. Settings that a topology writes for itself are not.
SELECT format('database %s', to_json(datname)) AS what, 'whose removal was broken off: the server lets nobody read it' AS why
FROM pg_database WHERE datconnlimit = -2
UNION ALL
SELECT format('subscription %s in database %s', to_json(subname), to_json(datname)),
       'which would fetch from another server a second time wherever it is restored'
FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid
UNION ALL
SELECT format('replication slot %s', to_json(slot_name)), 'which is a place in the log of this server alone'
FROM pg_replication_slots WHERE slot_type = 'logical' AND NOT temporary
UNION ALL
SELECT format('prepared transaction %s in database %s', to_json(gid), to_json(database)),
       'which is neither committed nor rolled back'
FROM pg_prepared_xacts
UNION ALL
SELECT format('security label %s of a %s', to_json(provider), CASE classoid WHEN 'pg_authid'::regclass THEN 'role'
              WHEN 'pg_database'::regclass THEN 'database' ELSE 'shared object' END),
       'which belongs to a module of this server'
FROM pg_shseclabel
UNION ALL
SELECT format('ALTER SYSTEM SET %s', name), 'which is a setting of this server, not of its data'
FROM pg_file_settings
WHERE sourcefile LIKE '%/postgresql.auto.conf'
  AND name NOT IN ('synchronous_standby_names', 'primary_conninfo', 'primary_slot_name', 'restore_command')
  AND name !~ '^recovery_'
ORDER BY 1
