-- Who owns what in this database and who may do what with it, and what only a superuser may create, as data.
-- $1: whether objects of extensions and of the system are listed too whose rights are as they came.
WITH members AS (
  SELECT classid, objid FROM pg_depend WHERE deptype = 'e'
), candidates (class, oid, owner, acl, kind) AS (
  SELECT 'pg_class'::regclass, oid, relowner, relacl, CASE relkind WHEN 'S' THEN 's' ELSE 'r' END::"char"
  FROM pg_class WHERE relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND relpersistence <> 't'
  UNION ALL SELECT 'pg_proc'::regclass, oid, proowner, proacl, 'f' FROM pg_proc
  UNION ALL
  SELECT 'pg_type'::regclass, t.oid, typowner, typacl, 'T' FROM pg_type t
  WHERE typtype IN ('b', 'd', 'e', 'r') AND NOT (typelem <> 0 AND typsubscript = 'array_subscript_handler'::regproc)
     OR typtype = 'c' AND EXISTS (SELECT FROM pg_class c WHERE c.oid = typrelid AND relkind = 'c')
  UNION ALL SELECT 'pg_namespace'::regclass, oid, nspowner, nspacl, 'n' FROM pg_namespace
  UNION ALL SELECT 'pg_language'::regclass, oid, lanowner, lanacl, 'l' FROM pg_language
  UNION ALL SELECT 'pg_largeobject'::regclass, oid, lomowner, lomacl, 'L' FROM pg_largeobject_metadata
  UNION ALL SELECT 'pg_foreign_data_wrapper'::regclass, oid, fdwowner, fdwacl, 'F' FROM pg_foreign_data_wrapper
  UNION ALL SELECT 'pg_foreign_server'::regclass, oid, srvowner, srvacl, 'S' FROM pg_foreign_server
  UNION ALL SELECT 'pg_operator'::regclass, oid, oprowner, NULL, NULL FROM pg_operator
  UNION ALL SELECT 'pg_opclass'::regclass, oid, opcowner, NULL, NULL FROM pg_opclass
  UNION ALL SELECT 'pg_opfamily'::regclass, oid, opfowner, NULL, NULL FROM pg_opfamily
  UNION ALL SELECT 'pg_conversion'::regclass, oid, conowner, NULL, NULL FROM pg_conversion
  UNION ALL SELECT 'pg_collation'::regclass, oid, collowner, NULL, NULL FROM pg_collation
  UNION ALL SELECT 'pg_ts_dict'::regclass, oid, dictowner, NULL, NULL FROM pg_ts_dict
  UNION ALL SELECT 'pg_ts_config'::regclass, oid, cfgowner, NULL, NULL FROM pg_ts_config
  UNION ALL SELECT 'pg_statistic_ext'::regclass, oid, stxowner, NULL, NULL FROM pg_statistic_ext
  UNION ALL SELECT 'pg_publication'::regclass, oid, pubowner, NULL, NULL FROM pg_publication
  UNION ALL SELECT 'pg_event_trigger'::regclass, oid, evtowner, NULL, NULL FROM pg_event_trigger
), columns AS (
  SELECT a.attrelid, a.attname, a.attnum, a.attacl,
         a.attacl IS DISTINCT FROM (
           SELECT initprivs FROM pg_init_privs p
           WHERE p.classoid = 'pg_class'::regclass AND p.objoid = a.attrelid AND p.objsubid = a.attnum) AS changed
  FROM pg_attribute a WHERE NOT a.attisdropped
), objects AS (
  SELECT c.*,
    -- The schema `public` came with the server, and is everybody's.
    (c.oid >= 16384 OR c.class = 'pg_namespace'::regclass AND c.oid IN (SELECT oid FROM pg_namespace WHERE nspname = 'public'))
      AND NOT EXISTS (SELECT FROM members m WHERE m.classid = c.class AND m.objid = c.oid) AS own,
    (SELECT initprivs FROM pg_init_privs p WHERE p.classoid = c.class AND p.objoid = c.oid AND p.objsubid = 0) AS initial
  FROM candidates c
  WHERE (c.oid >= 16384 OR c.acl IS NOT NULL OR c.class = 'pg_namespace'::regclass OR $1)
    AND NOT EXISTS (SELECT FROM pg_namespace n WHERE c.class = 'pg_namespace'::regclass AND n.oid = c.oid
                    AND nspname ~ '^pg_(temp|toast)')
), chosen AS MATERIALIZED (
  SELECT * FROM objects o
  WHERE o.own OR $1
     -- initdb notes no first rights of what is in information_schema.
     OR (o.acl IS DISTINCT FROM o.initial OR o.class = 'pg_class'::regclass AND o.oid IN (SELECT attrelid FROM columns WHERE changed))
        AND NOT (o.class = 'pg_class'::regclass AND o.oid IN (
          SELECT oid FROM pg_class WHERE relnamespace = to_regnamespace('information_schema')))
), listed AS MATERIALIZED (
  SELECT o.*, a.object_names, a.object_args, a.type, i.identity
  FROM chosen o, LATERAL pg_identify_object_as_address(o.class, o.oid, 0) a, LATERAL pg_identify_object(o.class, o.oid, 0) i
)
SELECT json_build_object(
  'objects', (
    SELECT coalesce(json_agg(json_build_object(
        'type', type, 'names', object_names, 'arguments', object_args, 'identity', identity, 'own', own,
        -- The owner of a sequence that belongs to a column is the table's.
        'follows', class = 'pg_class'::regclass AND EXISTS (
          SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = listed.oid AND d.deptype IN ('a', 'i')
            AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0),
        'owner', pg_get_userbyid(owner),
        'rights', CASE WHEN kind IS NOT NULL THEN (
          SELECT coalesce(json_agg(json_build_object(
              'grantor', pg_get_userbyid(x.grantor), 'grantee', CASE WHEN x.grantee <> 0 THEN pg_get_userbyid(x.grantee) END,
              'privilege', x.privilege_type, 'grantable', x.is_grantable)), '[]')
          FROM aclexplode(coalesce(acl, acldefault(kind, owner))) x) END,
        'columns', CASE WHEN class = 'pg_class'::regclass THEN (
          SELECT coalesce(json_agg(json_build_object(
              'column', k.attname, 'grantor', pg_get_userbyid(x.grantor),
              'grantee', CASE WHEN x.grantee <> 0 THEN pg_get_userbyid(x.grantee) END,
              'privilege', x.privilege_type, 'grantable', x.is_grantable)), '[]')
          FROM columns k, aclexplode(k.attacl) x WHERE k.attrelid = listed.oid) ELSE '[]' END)), '[]')
    FROM listed),
  'defaults', (
    SELECT coalesce(json_agg(json_build_object(
        'role', pg_get_userbyid(defaclrole), 'schema', (SELECT nspname FROM pg_namespace n WHERE n.oid = defaclnamespace),
        'kind', defaclobjtype,
        'rights', (
          SELECT coalesce(json_agg(json_build_object(
              'grantor', pg_get_userbyid(x.grantor), 'grantee', CASE WHEN x.grantee <> 0 THEN pg_get_userbyid(x.grantee) END,
              'privilege', x.privilege_type, 'grantable', x.is_grantable)), '[]')
          FROM aclexplode(defaclacl) x))), '[]')
    FROM pg_default_acl),
  'extensions', (
    SELECT coalesce(json_agg(json_build_object(
        'name', extname, 'version', extversion, 'schema', nspname,
        'comment', obj_description(e.oid, 'pg_extension')) ORDER BY e.oid), '[]')
    FROM pg_extension e JOIN pg_namespace n ON n.oid = extnamespace),
  'eventTriggers', (
    SELECT coalesce(json_agg(json_build_object(
        'name', evtname, 'event', evtevent, 'tags', coalesce(evttags, '{}'), 'enabled', evtenabled,
        'functionSchema', n.nspname, 'function', p.proname, 'comment', obj_description(e.oid, 'pg_event_trigger'))), '[]')
    FROM pg_event_trigger e JOIN pg_proc p ON p.oid = evtfoid JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE NOT EXISTS (SELECT FROM members m WHERE m.classid = 'pg_event_trigger'::regclass AND m.objid = e.oid)),
  'publications', (
    SELECT coalesce(json_agg(json_build_object(
        'name', pubname, 'allTables', puballtables, 'viaRoot', pubviaroot, 'schemas', schemas,
        'publish', array_remove(ARRAY[CASE WHEN pubinsert THEN 'insert' END, CASE WHEN pubupdate THEN 'update' END,
                                      CASE WHEN pubdelete THEN 'delete' END, CASE WHEN pubtruncate THEN 'truncate' END], NULL))), '[]')
    FROM pg_publication b, LATERAL (
      SELECT coalesce(array_agg(nspname), '{}') AS schemas
      FROM pg_publication_namespace p JOIN pg_namespace n ON n.oid = p.pnnspid WHERE p.pnpubid = b.oid) AS of
    WHERE puballtables OR schemas <> '{}')
) AS catalogue
