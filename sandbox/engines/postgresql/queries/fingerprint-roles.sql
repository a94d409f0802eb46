-- What belongs to no database: roles with what they may do, their settings, memberships and comments, rights on settings.
-- Passwords are the stack's own; that there is one is part of a role.
WITH ours AS (
  SELECT r.*, a.rolpassword IS NOT NULL AS has_password FROM pg_roles r JOIN pg_authid a ON a.oid = r.oid
  WHERE r.rolname !~ '^pg_'
)
SELECT 'roles' AS kind, format('role %s %s %s %s %s %s %s %s %s %s password %s settings %s comment %s', rolname, rolsuper,
    rolinherit, rolcreaterole, rolcreatedb, rolcanlogin, rolreplication, rolbypassrls, rolconnlimit, rolvaliduntil,
    has_password, (SELECT string_agg(setting, ',' ORDER BY setting) FROM unnest(rolconfig) setting),
    shobj_description(oid, 'pg_authid')) AS line
FROM ours
UNION ALL
SELECT 'roles', format('member %s of %s admin %s inherit %s set %s', m.member::regrole, m.roleid::regrole, m.admin_option,
    m.inherit_option, m.set_option)
FROM pg_auth_members m WHERE m.member::regrole::text !~ '^pg_'
UNION ALL
SELECT 'roles', format('rights on setting %s %s', parname, (SELECT string_agg(x::text, ',' ORDER BY x::text) FROM unnest(paracl) x))
FROM pg_parameter_acl
