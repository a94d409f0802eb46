-- Sequences and the columns that take their values from them, by ownership, identity or default.
SELECT DISTINCT format('%I.%I', sn.nspname, s.relname) AS sequence, format('%I.%I', tn.nspname, t.relname) AS "table",
       a.attname AS column, q.seqincrement > 0 AS ascending
FROM pg_sequence q
JOIN pg_class s ON s.oid = q.seqrelid JOIN pg_namespace sn ON sn.oid = s.relnamespace
JOIN (
  SELECT objid AS sequence, refobjid AS "table", refobjsubid AS number FROM pg_depend
  WHERE classid = 'pg_class'::regclass AND refclassid = 'pg_class'::regclass AND deptype IN ('a', 'i') AND refobjsubid > 0
  UNION ALL
  SELECT d.refobjid, e.adrelid, e.adnum FROM pg_depend d JOIN pg_attrdef e ON e.oid = d.objid
  WHERE d.classid = 'pg_attrdef'::regclass AND d.refclassid = 'pg_class'::regclass
) use ON use.sequence = s.oid
JOIN pg_class t ON t.oid = use."table" JOIN pg_namespace tn ON tn.oid = t.relnamespace
JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = use.number
WHERE t.relkind IN ('r', 'p') AND s.relpersistence <> 't'
  AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.objid = s.oid AND e.deptype = 'e')
ORDER BY 1, 2, 3
