-- One row for each object of this database that a schema can make, but for those of extensions and of our own records.
-- `definition` tells whether it is the same; `creation` makes it, `change` makes one that is there the same (where there
-- is none, `removal` and `creation` do), `retyping` gives a column its type, which stands first in its definition. `partOf`:
-- what it is gone with. `rank`: the order in which they can be made.
-- $1: name of the database as statements are to call it. The search path must be `public` alone.
WITH members AS (
  SELECT classid, objid FROM pg_depend WHERE deptype = 'e'
), schemas AS (
  SELECT n.* FROM pg_namespace n
  WHERE n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'sandbox')
    AND NOT EXISTS (SELECT FROM members m WHERE m.classid = 'pg_namespace'::regclass AND m.objid = n.oid)
), relations AS (
  SELECT c.*, c.oid::regclass::text AS name
  FROM pg_class c JOIN schemas n ON n.oid = c.relnamespace
  WHERE c.relpersistence <> 't'
    AND NOT EXISTS (SELECT FROM members m WHERE m.classid = 'pg_class'::regclass AND m.objid = c.oid)
), tables AS (
  SELECT *, concat(format('ALTER TABLE %s OWNER TO %s', name, relowner::regrole),
      format('; ALTER TABLE %s %s ROW LEVEL SECURITY', name, CASE WHEN relrowsecurity THEN 'ENABLE' ELSE 'DISABLE' END),
      format('; ALTER TABLE %s %s ROW LEVEL SECURITY', name, CASE WHEN relforcerowsecurity THEN 'FORCE' ELSE 'NO FORCE' END),
      format('; ALTER TABLE %s SET %s', name, CASE relpersistence WHEN 'u' THEN 'UNLOGGED' ELSE 'LOGGED' END)) AS change
  FROM relations WHERE relkind IN ('r', 'p')
), columns AS (
  SELECT t.name AS relation, a.attname, a.attnum, format_type(a.atttypid, a.atttypmod) AS type, a.attnotnull, a.attidentity, a.attgenerated,
      pg_get_expr(d.adbin, d.adrelid) AS value,
      CASE WHEN a.attcollation <> y.typcollation THEN format(' COLLATE %s', a.attcollation::regcollation) ELSE '' END AS collated
  FROM tables t JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
  JOIN pg_type y ON y.oid = a.atttypid
  LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
), defined_columns AS (
  SELECT *, concat(type, collated) AS typed, concat(
      CASE WHEN attgenerated = 's' THEN format(' GENERATED ALWAYS AS (%s) STORED', value)
           WHEN attidentity <> '' THEN format(' GENERATED %s AS IDENTITY', CASE attidentity WHEN 'a' THEN 'ALWAYS' ELSE 'BY DEFAULT' END)
           WHEN value IS NOT NULL THEN format(' DEFAULT %s', value) END,
      CASE WHEN attnotnull THEN ' NOT NULL' END) AS further
  FROM columns
), routines AS (
  SELECT p.* FROM pg_proc p JOIN schemas n ON n.oid = p.pronamespace
  WHERE p.prokind IN ('f', 'p')
    AND NOT EXISTS (SELECT FROM members m WHERE m.classid = 'pg_proc'::regclass AND m.objid = p.oid)
), rights AS (
  SELECT CASE relkind WHEN 'S' THEN 'SEQUENCE ' ELSE 'TABLE ' END || name AS target, name AS part_of, relowner AS owner,
      coalesce(relacl, acldefault(CASE relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", relowner)) AS acl
  FROM relations WHERE relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
  UNION ALL
  SELECT 'FUNCTION ' || oid::regprocedure, oid::regprocedure::text, proowner, coalesce(proacl, acldefault('f', proowner)) FROM routines WHERE prokind = 'f'
  UNION ALL
  SELECT 'SCHEMA ' || oid::regnamespace, oid::regnamespace::text, nspowner, coalesce(nspacl, acldefault('n', nspowner)) FROM schemas
  UNION ALL
  SELECT format('DATABASE %I', $1::text), NULL, datdba, coalesce(datacl, acldefault('d', datdba)) FROM pg_database WHERE datname = current_database()
), grants AS (
  SELECT target, part_of, CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE x.grantee::regrole::text END AS grantee,
      string_agg(DISTINCT x.privilege_type, ', ' ORDER BY x.privilege_type) AS privileges
  FROM rights, aclexplode(acl) x WHERE x.grantee <> owner GROUP BY 1, 2, 3
), default_grants AS (
  SELECT format('ALTER DEFAULT PRIVILEGES FOR ROLE %s%s GRANT', defaclrole::regrole,
        CASE WHEN defaclnamespace <> 0 THEN format(' IN SCHEMA %s', defaclnamespace::regnamespace) END) AS beginning,
      CASE defaclobjtype WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES' WHEN 'f' THEN 'FUNCTIONS' WHEN 'T' THEN 'TYPES' ELSE 'SCHEMAS' END AS target,
      CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE x.grantee::regrole::text END AS grantee,
      string_agg(DISTINCT x.privilege_type, ', ' ORDER BY x.privilege_type) AS privileges
  FROM pg_default_acl, aclexplode(defaclacl) x WHERE x.grantee <> defaclrole GROUP BY 1, 2, 3
), objects (rank, kind, name, part_of, definition, creation, change, removal) AS (
  SELECT 1, 'extension', extname::text, NULL, format('in %s', extnamespace::regnamespace),
      format('CREATE EXTENSION %I SCHEMA %s', extname, extnamespace::regnamespace), NULL, NULL
  FROM pg_extension WHERE extname <> 'plpgsql'
  UNION ALL
  SELECT 2, 'schema', nspname::text, NULL, '', format('CREATE SCHEMA %I', nspname), '', NULL FROM schemas
  UNION ALL
  SELECT 3, 'type', t.oid::regtype::text, NULL, labels, format('CREATE TYPE %s AS ENUM (%s)', t.oid::regtype, labels), NULL, NULL
  FROM pg_type t JOIN schemas n ON n.oid = t.typnamespace,
      LATERAL (SELECT string_agg(quote_literal(enumlabel), ', ' ORDER BY enumsortorder) AS labels FROM pg_enum WHERE enumtypid = t.oid) l
  WHERE t.typtype = 'e' AND NOT EXISTS (SELECT FROM members m WHERE m.classid = 'pg_type'::regclass AND m.objid = t.oid)
  UNION ALL
  SELECT 3, 'domain', t.oid::regtype::text, NULL, d.text, format('CREATE DOMAIN %s AS %s', t.oid::regtype, d.text), NULL, NULL
  FROM pg_type t JOIN schemas n ON n.oid = t.typnamespace,
      LATERAL (SELECT concat(format_type(t.typbasetype, t.typtypmod), ' DEFAULT ' || t.typdefault, CASE WHEN t.typnotnull THEN ' NOT NULL' END,
        (SELECT string_agg(format(' CONSTRAINT %I %s', conname, pg_get_constraintdef(oid)), '' ORDER BY conname)
         FROM pg_constraint WHERE contypid = t.oid AND contype = 'c')) AS text) d
  WHERE t.typtype = 'd' AND NOT EXISTS (SELECT FROM members m WHERE m.classid = 'pg_type'::regclass AND m.objid = t.oid)
  UNION ALL
  SELECT 4, 'sequence', r.name, NULL, s.text, format('CREATE SEQUENCE %s %s', r.name, s.text), format('ALTER SEQUENCE %s %s', r.name, s.text), NULL
  FROM relations r JOIN pg_sequence q ON q.seqrelid = r.oid,
      LATERAL (SELECT format('AS %s INCREMENT %s MINVALUE %s MAXVALUE %s START %s CACHE %s %s', format_type(q.seqtypid, NULL), q.seqincrement,
        q.seqmin, q.seqmax, q.seqstart, q.seqcache, CASE WHEN q.seqcycle THEN 'CYCLE' ELSE 'NO CYCLE' END) AS text) s
  WHERE NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = r.oid AND d.deptype = 'i')
  UNION ALL
  SELECT 5, 'function', oid::regprocedure::text, NULL, pg_get_functiondef(oid), pg_get_functiondef(oid), pg_get_functiondef(oid), NULL FROM routines
  UNION ALL
  SELECT 6, 'table', name, NULL, format('owned by %s, row security %s%s, %s', relowner::regrole, CASE WHEN relrowsecurity THEN 'on' ELSE 'off' END,
      CASE WHEN relforcerowsecurity THEN ' and forced' END, CASE relpersistence WHEN 'u' THEN 'unlogged' ELSE 'logged' END),
      format('CREATE TABLE %s (); %s', name, change), change, NULL
  FROM tables
  UNION ALL
  SELECT 7, 'column', format('%s.%I', relation, attname), relation, concat(typed, ',' || nullif(further, '')),
      format('ALTER TABLE %s ADD COLUMN %I %s%s', relation, attname, typed, further),
      format('ALTER TABLE %1$s ALTER %2$I DROP DEFAULT, ALTER %2$I %3$s NOT NULL', relation, attname, CASE WHEN attnotnull THEN 'SET' ELSE 'DROP' END)
        || CASE WHEN value IS NOT NULL THEN format('; ALTER TABLE %s ALTER %I SET DEFAULT %s', relation, attname, value) ELSE '' END,
      NULL
  FROM defined_columns
  UNION ALL
  SELECT CASE k.contype WHEN 'f' THEN 10 ELSE 8 END, 'constraint', format('%I on %s', k.conname, t.name), t.name,
      -- One whose triggers are disabled holds nobody to anything.
      concat(pg_get_constraintdef(k.oid), (SELECT ' disabled' FROM pg_trigger g WHERE g.tgconstraint = k.oid AND g.tgenabled <> 'O' LIMIT 1)),
      format('ALTER TABLE %s ADD CONSTRAINT %I %s', t.name, k.conname, pg_get_constraintdef(k.oid)), NULL,
      format('ALTER TABLE %s DROP CONSTRAINT %I', t.name, k.conname)
  FROM tables t JOIN pg_constraint k ON k.conrelid = t.oid AND k.contype IN ('p', 'u', 'x', 'c', 'f')
  UNION ALL
  SELECT 9, 'index', i.indexrelid::regclass::text, r.name, concat(pg_get_indexdef(i.indexrelid), CASE WHEN NOT i.indisvalid THEN ' invalid' END),
      pg_get_indexdef(i.indexrelid), NULL, format('DROP INDEX %s', i.indexrelid::regclass)
  FROM relations r JOIN pg_index i ON i.indrelid = r.oid
  WHERE r.relkind IN ('r', 'p', 'm') AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x'))
  UNION ALL
  SELECT 11, CASE relkind WHEN 'v' THEN 'view' ELSE 'materialized view' END, name, NULL, pg_get_viewdef(oid),
      format(CASE relkind WHEN 'v' THEN 'CREATE OR REPLACE VIEW %s AS %s' ELSE 'CREATE MATERIALIZED VIEW %s AS %s' END, name, pg_get_viewdef(oid)),
      CASE relkind WHEN 'v' THEN format('CREATE OR REPLACE VIEW %s AS %s', name, pg_get_viewdef(oid)) END,
      CASE relkind WHEN 'm' THEN format('DROP MATERIALIZED VIEW %s', name) END
  FROM relations WHERE relkind IN ('v', 'm')
  UNION ALL
  SELECT 12, 'trigger', format('%I on %s', g.tgname, r.name), r.name, concat(pg_get_triggerdef(g.oid), CASE g.tgenabled WHEN 'O' THEN '' WHEN 'D' THEN ' disabled'
      ELSE ' ' || g.tgenabled::text END), pg_get_triggerdef(g.oid), NULL, format('DROP TRIGGER %I ON %s', g.tgname, r.name)
  FROM relations r JOIN pg_trigger g ON g.tgrelid = r.oid AND NOT g.tgisinternal
  UNION ALL
  SELECT 13, 'rule', format('%I on %s', w.rulename, r.name), r.name, pg_get_ruledef(w.oid), pg_get_ruledef(w.oid), NULL, format('DROP RULE %I ON %s', w.rulename, r.name)
  FROM relations r JOIN pg_rewrite w ON w.ev_class = r.oid AND w.rulename <> '_RETURN'
  UNION ALL
  SELECT 14, 'policy', format('%I on %s', p.polname, r.name), r.name, d.text, format('CREATE POLICY %I ON %s %s', p.polname, r.name, d.text), NULL,
      format('DROP POLICY %I ON %s', p.polname, r.name)
  FROM relations r JOIN pg_policy p ON p.polrelid = r.oid,
      LATERAL (SELECT concat('AS ', CASE WHEN p.polpermissive THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END,
        ' FOR ', CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' ELSE 'ALL' END,
        ' TO ', (SELECT string_agg(CASE x WHEN 0 THEN 'PUBLIC' ELSE x::regrole::text END, ', ' ORDER BY x::regrole::text) FROM unnest(p.polroles) x),
        format(' USING (%s)', pg_get_expr(p.polqual, p.polrelid)), format(' WITH CHECK (%s)', pg_get_expr(p.polwithcheck, p.polrelid))) AS text) d
  UNION ALL
  SELECT 15, 'grant', format('on %s to %s', target, grantee), part_of, privileges, format('GRANT %s ON %s TO %s', privileges, target, grantee),
      format('GRANT %s ON %s TO %s', privileges, target, grantee), NULL
  FROM grants
  UNION ALL
  SELECT 16, 'default privileges', format('on %s to %s', target, grantee), NULL, privileges, format('%s %s ON %s TO %s', beginning, privileges, target, grantee),
      format('%s %s ON %s TO %s', beginning, privileges, target, grantee), NULL
  FROM default_grants
)
SELECT rank, kind, name, part_of AS "partOf", definition, creation, change, removal,
  (SELECT format('ALTER TABLE %1$s ALTER %2$I DROP DEFAULT, ALTER %2$I TYPE %3$s USING %2$I::text::%4$s', relation, attname, typed, type)
   FROM defined_columns c WHERE objects.kind = 'column' AND format('%s.%I', c.relation, c.attname) = objects.name) AS retyping
FROM objects
-- Columns of a table in their order, everything else in one that is the same each time.
ORDER BY rank, (SELECT attnum FROM defined_columns c WHERE objects.kind = 'column' AND format('%s.%I', c.relation, c.attname) = objects.name), kind, name
