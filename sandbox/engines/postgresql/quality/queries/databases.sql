-- Databases that people keep data in: without the maintenance database, templates, those of tests, and what a restore or a
-- backup has made beside them (`our-databases.sql` tells these apart in the same way, as a superuser).
SELECT d.datname AS name FROM pg_database d
WHERE d.datallowconn AND NOT d.datistemplate AND d.datname <> 'postgres' AND has_database_privilege(session_user, d.datname, 'CONNECT')
  AND NOT (starts_with(d.datname, 'taishang_template_') AND pg_get_userbyid(d.datdba) = 'taishang_templates')
  AND NOT (d.datname ~ '^taishang_tmp_[0-9a-f]{12}$' AND pg_get_userbyid(d.datdba) = d.datname)
  AND NOT EXISTS (SELECT FROM pg_roles r
    WHERE starts_with(d.datname, r.rolname || '_') AND shobj_description(r.oid, 'pg_authid') = 'taishang sandbox: place')
  AND NOT EXISTS (SELECT FROM pg_db_role_setting s
    WHERE s.setdatabase = d.oid AND s.setrole = 0 AND 'taishang_sandbox.copy_name=' || d.datname = ANY (s.setconfig))
ORDER BY 1
