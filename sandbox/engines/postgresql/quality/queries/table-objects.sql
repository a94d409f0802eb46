-- One row for each column, constraint, trigger, policy and index of the table $1; a constraint brings its own index. A domain's, a column's and
-- an enum's type is its name. NOT NULL is part of its column, also where PostgreSQL 18 has a constraint for it. A foreign key is kept
-- by triggers of its own, which may be disabled.
SELECT 'column' AS kind, a.attname::text AS name,
    concat(format_type(a.atttypid, a.atttypmod), CASE WHEN a.attnotnull THEN ' required' END) AS definition
FROM pg_attribute a WHERE a.attrelid = $1::regclass AND a.attnum > 0 AND NOT a.attisdropped
UNION ALL
SELECT 'constraint', conname::text, concat(pg_get_constraintdef(oid),
    CASE WHEN EXISTS (SELECT FROM pg_trigger t WHERE t.tgconstraint = pg_constraint.oid AND t.tgenabled IN ('D', 'R'))
        THEN ' DISABLED' END)
FROM pg_constraint WHERE conrelid = $1::regclass AND contype IN ('p', 'u', 'c', 'f', 'x')
UNION ALL
SELECT 'trigger', tgname::text, concat(regexp_replace(pg_get_triggerdef(oid), '^CREATE (CONSTRAINT )?TRIGGER \S+ ', ''),
    CASE tgenabled WHEN 'D' THEN ' DISABLED' WHEN 'R' THEN ' ENABLE REPLICA' WHEN 'A' THEN ' ENABLE ALWAYS' END)
FROM pg_trigger WHERE tgrelid = $1::regclass AND NOT tgisinternal
UNION ALL
SELECT 'policy', polname::text, concat(CASE WHEN polpermissive THEN 'permissive ' ELSE 'restrictive ' END, polcmd,
    ' using ' || pg_get_expr(polqual, polrelid), ' check ' || pg_get_expr(polwithcheck, polrelid),
    (SELECT CASE WHEN NOT relrowsecurity THEN ' DISABLED' END FROM pg_class WHERE pg_class.oid = polrelid))
FROM pg_policy WHERE polrelid = $1::regclass
UNION ALL
SELECT 'index', c.relname::text, concat(
    CASE WHEN i.indisunique THEN 'UNIQUE ' END, regexp_replace(pg_get_indexdef(i.indexrelid), '^.* USING ', ''),
    CASE WHEN NOT i.indisvalid THEN ' INVALID' END)
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
WHERE i.indrelid = $1::regclass AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x'))
ORDER BY 1, 2
