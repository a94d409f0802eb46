-- Roles with what they may do and their settings; passwords are the stack's own.
SELECT format('role %s %s %s %s %s %s %s %s %s', rolname, rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin,
              rolreplication, rolbypassrls, rolconfig) AS line
FROM pg_roles WHERE rolname !~ '^pg_'
UNION ALL
SELECT format('member %s of %s', m.member::regrole, m.roleid::regrole)
FROM pg_auth_members m WHERE m.member::regrole::text !~ '^pg_'
ORDER BY line
