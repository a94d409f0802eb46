-- Secondary indexes and foreign keys of the tables named in $1: what a load does without, and makes anew after it.
-- Indexes behind a constraint stay: they are what refuses a row that is there twice.
SELECT 1 AS phase, i.indexrelid::regclass::text AS name, format('DROP INDEX %s', i.indexrelid::regclass) AS removal,
       pg_get_indexdef(i.indexrelid) AS creation
FROM pg_index i
WHERE i.indrelid::regclass::text = ANY ($1)
  AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid)
UNION ALL
SELECT 2, format('%s %I', k.conrelid::regclass, k.conname),
       format('ALTER TABLE %s DROP CONSTRAINT %I', k.conrelid::regclass, k.conname),
       format('ALTER TABLE %s ADD CONSTRAINT %I %s', k.conrelid::regclass, k.conname, pg_get_constraintdef(k.oid))
FROM pg_constraint k
WHERE k.contype = 'f' AND k.conrelid::regclass::text = ANY ($1)
ORDER BY 1, 2
