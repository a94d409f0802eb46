-- What belongs to no database, and what databases are like from outside, as data.
-- Left out: roles and databases that a restore or a backup made for the time of its work, copies beside live data, and
-- what tests have of their own.
-- $1: names of the databases that are the user's.
WITH wanted AS (
  SELECT * FROM pg_database WHERE datname = ANY ($1)
), people AS (
  SELECT * FROM pg_authid
  WHERE rolname !~ '^pg_'
    AND NOT (rolname ~ '^(taishang_tmp_[0-9a-f]{12}|taishang_templates|place_[0-9a-f]{8}_[0-9a-z]{1,7}_[0-9a-z]{1,10}_[0-9a-f]{8})$'
             AND starts_with(coalesce(shobj_description(oid, 'pg_authid'), ''), 'taishang sandbox: '))
)
SELECT json_build_object(
  'roles', (
    SELECT coalesce(json_agg(json_build_object(
        'name', rolname, 'superuser', rolsuper, 'inherit', rolinherit, 'createRole', rolcreaterole,
        'createDatabase', rolcreatedb, 'login', rolcanlogin, 'replication', rolreplication, 'bypassRls', rolbypassrls,
        'connectionLimit', rolconnlimit, 'password', rolpassword, 'validUntil', rolvaliduntil::text,
        'comment', shobj_description(oid, 'pg_authid')) ORDER BY rolname), '[]')
    FROM people),
  'memberships', (
    SELECT coalesce(json_agg(json_build_object(
        'role', r.rolname, 'member', m.rolname, 'grantor', g.rolname,
        'admin', admin_option, 'inherit', inherit_option, 'set', set_option) ORDER BY r.rolname, m.rolname, g.rolname), '[]')
    FROM pg_auth_members a
    JOIN pg_authid r ON r.oid = a.roleid JOIN people m ON m.oid = a.member JOIN people g ON g.oid = a.grantor),
  'settings', (
    SELECT coalesce(json_agg(json_build_object('database', database, 'role', role, 'name', name, 'value', value)
                             ORDER BY database, role, place), '[]')
    FROM (
      SELECT d.datname AS database, r.rolname AS role, split_part(e.entry, '=', 1) AS name,
             substr(e.entry, strpos(e.entry, '=') + 1) AS value, e.place
      FROM pg_db_role_setting s
      LEFT JOIN wanted d ON d.oid = s.setdatabase LEFT JOIN people r ON r.oid = s.setrole
      CROSS JOIN LATERAL unnest(s.setconfig) WITH ORDINALITY AS e (entry, place)
      WHERE (s.setdatabase = 0 OR d.oid IS NOT NULL) AND (s.setrole = 0 OR r.oid IS NOT NULL)
        AND NOT starts_with(e.entry, 'taishang_sandbox.')) AS entries),
  'tablespaces', (
    SELECT coalesce(json_agg(json_build_object(
        'name', spcname, 'owner', pg_get_userbyid(spcowner), 'comment', shobj_description(oid, 'pg_tablespace'),
        'options', (
          SELECT coalesce(json_agg(json_build_object('name', split_part(o, '=', 1), 'value', substr(o, strpos(o, '=') + 1))), '[]')
          FROM unnest(spcoptions) o),
        'rights', (
          SELECT coalesce(json_agg(json_build_object(
              'grantor', pg_get_userbyid(x.grantor), 'grantee', CASE WHEN x.grantee <> 0 THEN pg_get_userbyid(x.grantee) END,
              'privilege', x.privilege_type, 'grantable', x.is_grantable)), '[]')
          FROM aclexplode(coalesce(spcacl, acldefault('t', spcowner))) x)) ORDER BY spcname), '[]')
    FROM pg_tablespace WHERE oid >= 16384),
  'parameters', (
    SELECT coalesce(json_agg(json_build_object(
        'name', parname,
        'rights', (
          SELECT coalesce(json_agg(json_build_object(
              'grantor', pg_get_userbyid(x.grantor), 'grantee', CASE WHEN x.grantee <> 0 THEN pg_get_userbyid(x.grantee) END,
              'privilege', x.privilege_type, 'grantable', x.is_grantable)), '[]')
          FROM aclexplode(paracl) x WHERE x.grantee <> 10)) ORDER BY parname), '[]')
    FROM pg_parameter_acl),
  'databases', (
    SELECT coalesce(json_agg(json_build_object(
        'name', datname, 'sizeBytes', pg_database_size(oid), 'owner', pg_get_userbyid(datdba),
        'encoding', pg_encoding_to_char(encoding), 'localeProvider', datlocprovider, 'collate', datcollate,
        'ctype', datctype, 'locale', datlocale, 'icuRules', daticurules,
        'tablespace', (SELECT spcname FROM pg_tablespace t WHERE t.oid = dattablespace),
        'connectionLimit', datconnlimit, 'isTemplate', datistemplate, 'allowConnections', datallowconn,
        'comment', shobj_description(oid, 'pg_database'),
        'rights', (
          SELECT coalesce(json_agg(json_build_object(
              'grantor', pg_get_userbyid(x.grantor), 'grantee', CASE WHEN x.grantee <> 0 THEN pg_get_userbyid(x.grantee) END,
              'privilege', x.privilege_type, 'grantable', x.is_grantable)), '[]')
          FROM aclexplode(coalesce(datacl, acldefault('d', datdba))) x)) ORDER BY datname), '[]')
    FROM wanted)
) AS catalogue
