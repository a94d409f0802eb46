-- One line for each thing in this database that a backup must bring back, by kind.
-- $1: name of the database whose outside counts: this one's, or that of the one it was copied from.
-- Rights that are not written down are those that the owner has by default: both forms give the same line.
WITH members AS (
  SELECT classid, objid FROM pg_depend WHERE deptype = 'e'
), schemas AS (
  SELECT n.* FROM pg_namespace n
  WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    AND NOT EXISTS (SELECT FROM members m WHERE m.classid = 'pg_namespace'::regclass AND m.objid = n.oid)
), ours AS (
  SELECT c.*, n.nspname, format('%I.%I', n.nspname, c.relname) AS name
  FROM pg_class c JOIN schemas n ON n.oid = c.relnamespace
  WHERE c.relpersistence <> 't'
    AND NOT EXISTS (SELECT FROM members m WHERE m.classid = 'pg_class'::regclass AND m.objid = c.oid
                    OR m.classid = 'pg_type'::regclass AND m.objid = c.reltype)
), routines AS (
  SELECT p.* FROM pg_proc p JOIN schemas n ON n.oid = p.pronamespace
  WHERE NOT EXISTS (SELECT FROM members m WHERE m.classid = 'pg_proc'::regclass AND m.objid = p.oid)
), types AS (
  SELECT t.* FROM pg_type t JOIN schemas n ON n.oid = t.typnamespace
  WHERE t.typtype IN ('d', 'e', 'r')
    AND NOT EXISTS (SELECT FROM members m WHERE m.classid = 'pg_type'::regclass AND m.objid = t.oid)
), lines (kind, line) AS (
  SELECT 'tables', format('%s %s %s owner %s options %s row security %s %s identity %s partition %s of %s', relkind, name,
      relpersistence, relowner::regrole, reloptions, relrowsecurity, relforcerowsecurity, relreplident,
      pg_get_expr(relpartbound, oid), (SELECT string_agg(inhparent::regclass::text, ',' ORDER BY inhseqno) FROM pg_inherits WHERE inhrelid = ours.oid))
  FROM ours WHERE relkind IN ('r', 'p', 'v', 'm', 'S', 'f', 'c')
  UNION ALL
  -- Of one that is filled there is no such line: fingerprints of archives go on being the same.
  SELECT 'tables', format('%s was never filled', name) FROM ours WHERE NOT relispopulated
  UNION ALL
  SELECT 'columns', format('%s %s %s %s not null %s default %s identity %s generated %s collation %s storage %s %s options %s target %s',
      o.name, row_number() OVER (PARTITION BY o.oid ORDER BY a.attnum), a.attname, format_type(a.atttypid, a.atttypmod),
      a.attnotnull, pg_get_expr(d.adbin, d.adrelid), a.attidentity, a.attgenerated,
      CASE WHEN a.attcollation <> 0 THEN a.attcollation::regcollation END, a.attstorage, a.attcompression,
      -- `pg_attver` is the server's own note of when it made a column (seen in 17.12): no dump has it.
      (SELECT string_agg(x, ',' ORDER BY x) FROM unnest(a.attoptions) x WHERE x !~ '^pg_attver='), a.attstattarget)
  FROM ours o JOIN pg_attribute a ON a.attrelid = o.oid AND a.attnum > 0 AND NOT a.attisdropped
  LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
  WHERE o.relkind IN ('r', 'p', 'v', 'm', 'f', 'c')
  UNION ALL
  SELECT 'views', format('%s %s', name, pg_get_viewdef(oid)) FROM ours WHERE relkind IN ('v', 'm')
  UNION ALL
  SELECT 'rights', format('%s %s', name, (SELECT string_agg(x::text, ',' ORDER BY x::text)
      FROM unnest(coalesce(relacl, acldefault(CASE relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", relowner))) x))
  FROM ours WHERE relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
  UNION ALL
  SELECT 'rights', format('column %s.%s %s', o.name, a.attname, (SELECT string_agg(x::text, ',' ORDER BY x::text) FROM unnest(a.attacl) x))
  FROM ours o JOIN pg_attribute a ON a.attrelid = o.oid AND a.attacl IS NOT NULL AND NOT a.attisdropped
  UNION ALL
  SELECT 'rights', format('routine %s %s owner %s', oid::regprocedure, (SELECT string_agg(x::text, ',' ORDER BY x::text)
      FROM unnest(coalesce(proacl, acldefault('f', proowner))) x), proowner::regrole)
  FROM routines
  UNION ALL
  SELECT 'rights', format('type %s %s owner %s', oid::regtype, (SELECT string_agg(x::text, ',' ORDER BY x::text)
      FROM unnest(coalesce(typacl, acldefault('T', typowner))) x), typowner::regrole)
  FROM types
  UNION ALL
  SELECT 'rights', format('schema %s %s owner %s', nspname, (SELECT string_agg(x::text, ',' ORDER BY x::text)
      FROM unnest(coalesce(nspacl, acldefault('n', nspowner))) x), nspowner::regrole)
  FROM schemas
  UNION ALL
  SELECT 'rights', format('database %s owner %s', (SELECT string_agg(x::text, ',' ORDER BY x::text)
      FROM unnest(coalesce(datacl, acldefault('d', datdba))) x), datdba::regrole)
  FROM pg_database WHERE datname = $1
  UNION ALL
  SELECT 'default privileges', format('%s %s %s %s', defaclrole::regrole, CASE WHEN defaclnamespace <> 0 THEN defaclnamespace::regnamespace END,
      defaclobjtype, (SELECT string_agg(x::text, ',' ORDER BY x::text) FROM unnest(defaclacl) x))
  FROM pg_default_acl
  UNION ALL
  SELECT 'constraints', format('%s %s %s valid %s', o.name, k.conname, pg_get_constraintdef(k.oid), k.convalidated)
  FROM ours o JOIN pg_constraint k ON k.conrelid = o.oid
  UNION ALL
  SELECT 'constraints', format('domain %s %s %s valid %s', t.oid::regtype, k.conname, pg_get_constraintdef(k.oid), k.convalidated)
  FROM types t JOIN pg_constraint k ON k.contypid = t.oid
  UNION ALL
  SELECT 'indexes', format('%s valid %s clustered %s identity %s', pg_get_indexdef(i.indexrelid), i.indisvalid, i.indisclustered, i.indisreplident)
  FROM ours o JOIN pg_index i ON i.indrelid = o.oid
  UNION ALL
  SELECT 'triggers', format('%s enabled %s', pg_get_triggerdef(t.oid), t.tgenabled)
  FROM ours o JOIN pg_trigger t ON t.tgrelid = o.oid AND NOT t.tgisinternal
  UNION ALL
  SELECT 'triggers', format('on %s %s %s %s enabled %s', evtevent, evtname, evtfoid::regproc, evttags, evtenabled)
  FROM pg_event_trigger e WHERE NOT EXISTS (SELECT FROM members m WHERE m.classid = 'pg_event_trigger'::regclass AND m.objid = e.oid)
  UNION ALL
  SELECT 'rules', format('%s enabled %s', pg_get_ruledef(r.oid), r.ev_enabled)
  FROM ours o JOIN pg_rewrite r ON r.ev_class = o.oid AND r.rulename <> '_RETURN'
  UNION ALL
  SELECT 'policies', format('%s %s %s %s %s using %s check %s', o.name, p.polname, p.polcmd, p.polpermissive,
      (SELECT string_agg(x::regrole::text, ',' ORDER BY x::regrole::text) FROM unnest(p.polroles) x),
      pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid))
  FROM ours o JOIN pg_policy p ON p.polrelid = o.oid
  UNION ALL
  SELECT 'routines', CASE WHEN prokind = 'a' THEN format('aggregate %s', oid::regprocedure) ELSE pg_get_functiondef(oid) END
  FROM routines
  UNION ALL
  SELECT 'types', format('%s %s %s not null %s default %s labels %s', typtype, oid::regtype, format_type(typbasetype, typtypmod), typnotnull,
      typdefault, (SELECT string_agg(enumlabel, ',' ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = types.oid))
  FROM types
  UNION ALL
  SELECT 'sequences', format('%s %s start %s by %s from %s to %s cache %s cycle %s used %s', o.name, format_type(q.seqtypid, NULL), q.seqstart,
      q.seqincrement, q.seqmin, q.seqmax, q.seqcache, q.seqcycle, pg_sequence_last_value(o.oid) IS NOT NULL)
  FROM ours o JOIN pg_sequence q ON q.seqrelid = o.oid
  UNION ALL
  SELECT 'extensions', format('%s %s in %s', extname, extversion, extnamespace::regnamespace) FROM pg_extension
  UNION ALL
  SELECT 'statistics', pg_get_statisticsobjdef(s.oid) FROM pg_statistic_ext s JOIN schemas n ON n.oid = s.stxnamespace
  UNION ALL
  SELECT 'publications', format('%s %s %s %s %s %s', pubname, puballtables, pubinsert, pubupdate, pubdelete, pubtruncate) FROM pg_publication
  UNION ALL
  SELECT 'publications', format('%s has %s.%s %s %s', pubname, schemaname, tablename, attnames, rowfilter) FROM pg_publication_tables
  UNION ALL
  SELECT 'database', format('%s %s %s %s %s %s limit %s template %s connections %s', pg_encoding_to_char(encoding), datlocprovider, datcollate,
      datctype, datlocale, daticurules, datconnlimit, datistemplate, datallowconn)
  FROM pg_database WHERE datname = $1
  UNION ALL
  SELECT 'settings', format('of %s %s', CASE WHEN setrole <> 0 THEN setrole::regrole END, entries)
  FROM pg_db_role_setting JOIN pg_database d ON d.oid = setdatabase,
       -- Those that mark a copy beside live data are ours.
       LATERAL (SELECT string_agg(x, ',' ORDER BY x) AS entries FROM unnest(setconfig) x WHERE NOT starts_with(x, 'taishang_sandbox.')) e
  WHERE d.datname = $1 AND entries IS NOT NULL
  UNION ALL
  SELECT 'large objects', format('%s owner %s %s %s', oid, lomowner::regrole, (SELECT string_agg(x::text, ',' ORDER BY x::text)
      FROM unnest(coalesce(lomacl, acldefault('L', lomowner))) x), encode(sha256(lo_get(oid)), 'hex'))
  FROM pg_largeobject_metadata
  UNION ALL
  SELECT 'comments', format('%s %s %s', i.type, i.identity, d.description)
  FROM pg_description d, LATERAL pg_identify_object(d.classoid, d.objoid, d.objsubid) i
  WHERE d.objoid >= 16384 AND NOT EXISTS (SELECT FROM members m WHERE m.classid = d.classoid AND m.objid = d.objoid)
  UNION ALL
  SELECT 'comments', format('database %s', shobj_description(oid, 'pg_database')) FROM pg_database WHERE datname = $1
  UNION ALL
  -- What is rarer, by its name alone: numbers below 16384 came with the server.
  SELECT 'others', format('%s %s', i.type, i.identity)
  FROM (
    SELECT 'pg_cast'::regclass AS class, oid FROM pg_cast UNION ALL SELECT 'pg_collation'::regclass, oid FROM pg_collation
    UNION ALL SELECT 'pg_language'::regclass, oid FROM pg_language UNION ALL SELECT 'pg_operator'::regclass, oid FROM pg_operator
    UNION ALL SELECT 'pg_opclass'::regclass, oid FROM pg_opclass UNION ALL SELECT 'pg_ts_config'::regclass, oid FROM pg_ts_config
    UNION ALL SELECT 'pg_ts_dict'::regclass, oid FROM pg_ts_dict UNION ALL SELECT 'pg_foreign_server'::regclass, oid FROM pg_foreign_server
    UNION ALL SELECT 'pg_foreign_data_wrapper'::regclass, oid FROM pg_foreign_data_wrapper
    UNION ALL SELECT 'pg_subscription'::regclass, oid FROM pg_subscription WHERE subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())
  ) rare, LATERAL pg_identify_object(rare.class, rare.oid, 0) i
  WHERE rare.oid >= 16384 AND NOT EXISTS (SELECT FROM members m WHERE m.classid = rare.class AND m.objid = rare.oid)
)
SELECT kind, line FROM lines
