-- Every database that is ours, and its size. Asked in `postgres`, which is one of them once it holds anything:
-- what a server comes with has numbers below 16384 (PostgreSQL documentation, "System Catalog Initial Data").
-- Copies that a restore made beside the live databases are not.
SELECT d.datname AS name, pg_database_size(d.oid)::float8 AS "sizeBytes"
FROM pg_database d
WHERE NOT d.datistemplate AND d.datallowconn
  AND d.datname !~ '_restoring$'
  AND NOT EXISTS (SELECT FROM pg_database live WHERE live.datname || '_restore' = d.datname)
  AND (d.datname <> 'postgres'
       OR EXISTS (SELECT FROM pg_class WHERE oid >= 16384)
       OR EXISTS (SELECT FROM pg_proc WHERE oid >= 16384)
       OR EXISTS (SELECT FROM pg_namespace WHERE oid >= 16384 AND nspname !~ '^pg_')
       OR EXISTS (SELECT FROM pg_extension WHERE oid >= 16384)
       OR EXISTS (SELECT FROM pg_largeobject_metadata))
ORDER BY 1
