-- The rights that databases have before anybody gives or takes any. $1: their names.
SELECT d.datname AS database,
       json_agg(json_build_object(
         'grantor', pg_get_userbyid(x.grantor), 'grantee', CASE WHEN x.grantee <> 0 THEN pg_get_userbyid(x.grantee) END,
         'privilege', x.privilege_type, 'grantable', x.is_grantable)) AS rights
FROM pg_database d, aclexplode(acldefault('d', d.datdba)) x
WHERE d.datname = ANY ($1)
GROUP BY d.datname
