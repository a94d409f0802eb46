-- What tests share on a server, beside its roles: one line for each thing, by kind.
SELECT 'passwords of roles' AS kind, format('%s %s', rolname, md5(rolpassword)) AS line FROM pg_authid
WHERE NOT (rolname ~ '^(taishang_tmp_[0-9a-f]{12}|taishang_templates|place_[0-9a-f]{8}_[0-9a-z]{1,7}_[0-9a-z]{1,10}_[0-9a-f]{8})$'
           AND starts_with(coalesce(shobj_description(oid, 'pg_authid'), ''), 'taishang sandbox: '))
UNION ALL
SELECT 'settings of the server', format('%s = %s', name, setting) FROM pg_file_settings WHERE sourcefile LIKE '%/postgresql.auto.conf'
UNION ALL
SELECT 'replication slots', format('%s %s', slot_type, slot_name) FROM pg_replication_slots WHERE NOT temporary
UNION ALL
SELECT 'prepared transactions', format('%s in %s', gid, database) FROM pg_prepared_xacts
