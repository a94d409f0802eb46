-- Databases of the server, asked in `postgres`, and whose they are.
-- `temporary`: made for the time of a restore or a backup. It has a name that only they give, and either the role of that
-- run as its owner or our setting. `copy`: made by a restore beside live data, under the name that it still has.
-- `forTests`: a template of tests' databases, or a database of one test, whose name begins with that of its marked role.
SELECT d.datname AS name, pg_database_size(d.oid)::float8 AS "sizeBytes", d.datistemplate AS "isTemplate",
       d.datallowconn AS "allowsConnections", d.datconnlimit = -2 AS "isInvalid",
       (d.datname ~ '^taishang_tmp_[0-9a-f]{12}$' AND (o.rolname = d.datname OR m.copy IS NOT NULL)) AS temporary,
       coalesce(m.copy = d.datname, false) AS copy, m.original,
       (starts_with(d.datname, 'taishang_template_') AND o.rolname = 'taishang_templates' OR EXISTS (
         SELECT FROM pg_roles r
         WHERE starts_with(d.datname, r.rolname || '_') AND shobj_description(r.oid, 'pg_authid') = 'taishang sandbox: place'
       )) AS "forTests"
FROM pg_database d
LEFT JOIN pg_authid o ON o.oid = d.datdba
LEFT JOIN LATERAL (
  SELECT max(substr(e, strpos(e, '=') + 1)) FILTER (WHERE starts_with(e, 'taishang_sandbox.copy_name=')) AS copy,
         max(substr(e, strpos(e, '=') + 1)) FILTER (WHERE starts_with(e, 'taishang_sandbox.copy_of=')) AS original
  FROM pg_db_role_setting s, unnest(s.setconfig) e WHERE s.setdatabase = d.oid AND s.setrole = 0
) m ON true
WHERE d.datname <> 'template0'
ORDER BY 1
