-- Connections of the server, and how many of them ordinary roles can still have. Those of a place that is there already
-- count whole, whether they are used or not; those of the places in $1 count as free.
WITH places AS (
  SELECT oid, rolname, rolconnlimit FROM pg_roles
  WHERE shobj_description(oid, 'pg_authid') = 'taishang sandbox: place'
)
SELECT current_setting('max_connections')::int AS total,
       current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
         - current_setting('reserved_connections')::int
         - (SELECT count(*)::int FROM pg_stat_activity a
            WHERE backend_type = 'client backend' AND NOT EXISTS (SELECT FROM places p WHERE p.oid = a.usesysid))
         - (SELECT coalesce(sum(rolconnlimit), 0)::int FROM places WHERE rolname::text <> ALL ($1::text[])) AS free
