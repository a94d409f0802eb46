-- What belongs to no database: roles with what they may do, their settings, memberships and comments, rights on settings,
-- tablespaces, settings of everybody, and what the databases are like that every server comes with.
-- Passwords are the stack's own; that there is one is part of a role.
WITH ours AS (
  SELECT r.*, a.rolpassword IS NOT NULL AS has_password FROM pg_roles r JOIN pg_authid a ON a.oid = r.oid
  WHERE r.rolname !~ '^pg_'
    AND NOT (r.rolname ~ '^(taishang_tmp_[0-9a-f]{12}|taishang_templates|place_[0-9a-f]{8}_[0-9a-z]{1,7}_[0-9a-z]{1,10}_[0-9a-f]{8})$'
             AND starts_with(coalesce(shobj_description(r.oid, 'pg_authid'), ''), 'taishang sandbox: '))
)
SELECT 'roles' AS kind, format('role %s %s %s %s %s %s %s %s %s %s password %s settings %s comment %s', rolname, rolsuper,
    rolinherit, rolcreaterole, rolcreatedb, rolcanlogin, rolreplication, rolbypassrls, rolconnlimit, rolvaliduntil,
    has_password, (SELECT string_agg(setting, ',' ORDER BY setting) FROM unnest(rolconfig) setting),
    shobj_description(oid, 'pg_authid')) AS line
FROM ours
UNION ALL
SELECT 'roles', format('member %s of %s admin %s inherit %s set %s', m.member::regrole, m.roleid::regrole, m.admin_option,
    m.inherit_option, m.set_option)
FROM pg_auth_members m WHERE m.member IN (SELECT oid FROM ours)
UNION ALL
SELECT 'roles', format('rights on setting %s %s', parname, (SELECT string_agg(x::text, ',' ORDER BY x::text) FROM unnest(paracl) x))
FROM pg_parameter_acl
UNION ALL
SELECT 'roles', format('settings of everybody %s', (SELECT string_agg(x, ',' ORDER BY x) FROM unnest(setconfig) x))
FROM pg_db_role_setting WHERE setrole = 0 AND setdatabase = 0
UNION ALL
SELECT 'roles', format('tablespace %s owner %s %s options %s comment %s', spcname, spcowner::regrole,
    (SELECT string_agg(x::text, ',' ORDER BY x::text) FROM unnest(coalesce(spcacl, acldefault('t', spcowner))) x), spcoptions,
    shobj_description(oid, 'pg_tablespace'))
FROM pg_tablespace WHERE oid >= 16384
UNION ALL
SELECT 'roles', format('database %s owner %s %s limit %s template %s connections %s comment %s settings %s', datname,
    datdba::regrole, (SELECT string_agg(x::text, ',' ORDER BY x::text) FROM unnest(coalesce(datacl, acldefault('d', datdba))) x),
    datconnlimit, datistemplate, datallowconn, shobj_description(oid, 'pg_database'),
    (SELECT string_agg(format('%s %s', CASE WHEN setrole <> 0 THEN setrole::regrole END, array_to_string(setconfig, ',')), ';' ORDER BY setrole::regrole::text)
     FROM pg_db_role_setting WHERE setdatabase = d.oid))
FROM pg_database d WHERE datname IN ('postgres', 'template1')
