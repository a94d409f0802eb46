-- One line for each object of this database that a backup must bring back, in a fixed order.
WITH ours AS (
  SELECT c.oid, c.relname, c.relkind, c.relacl, n.nspname
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
), lines AS (
  SELECT format('column %s.%s %s %s %s %s', o.nspname, o.relname, a.attname, format_type(a.atttypid, a.atttypmod),
                a.attnotnull, pg_get_expr(d.adbin, d.adrelid)) AS line
  FROM ours o JOIN pg_attribute a ON a.attrelid = o.oid AND a.attnum > 0 AND NOT a.attisdropped
  LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
  WHERE o.relkind IN ('r', 'p', 'v')
  UNION ALL
  SELECT format('access %s.%s %s', o.nspname, o.relname, (SELECT string_agg(x::text, ',' ORDER BY x::text) FROM unnest(o.relacl) x))
  FROM ours o WHERE o.relkind IN ('r', 'p', 'v', 'S')
  UNION ALL
  SELECT format('constraint %s.%s %s %s', o.nspname, o.relname, k.conname, pg_get_constraintdef(k.oid))
  FROM ours o JOIN pg_constraint k ON k.conrelid = o.oid
  UNION ALL
  SELECT format('index %s valid %s', pg_get_indexdef(i.indexrelid), i.indisvalid) FROM ours o JOIN pg_index i ON i.indrelid = o.oid
  UNION ALL
  SELECT format('trigger %s', pg_get_triggerdef(t.oid)) FROM ours o JOIN pg_trigger t ON t.tgrelid = o.oid AND NOT t.tgisinternal
  UNION ALL
  SELECT format('function %s', pg_get_functiondef(p.oid))
  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
  WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
  UNION ALL
  SELECT format('sequence %s.%s %s', schemaname, sequencename, last_value) FROM pg_sequences
  UNION ALL
  SELECT format('extension %s %s', extname, extversion) FROM pg_extension
  UNION ALL
  SELECT format('schema %s %s', nspname, (SELECT string_agg(x::text, ',' ORDER BY x::text) FROM unnest(nspacl) x))
  FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
  UNION ALL
  SELECT format('default privilege %s %s %s', defaclrole::regrole, defaclobjtype, defaclacl) FROM pg_default_acl
  UNION ALL
  SELECT format('database %s %s %s', pg_encoding_to_char(encoding), datcollate,
                (SELECT string_agg(x::text, ',' ORDER BY x::text) FROM unnest(datacl) x))
  FROM pg_database WHERE datname = current_database()
  UNION ALL
  SELECT format('large object %s', oid) FROM pg_largeobject_metadata
)
SELECT line FROM lines ORDER BY line COLLATE "C"
