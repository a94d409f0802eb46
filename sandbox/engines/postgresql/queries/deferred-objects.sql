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
UNION ALL
-- A service's own tables that refer to them: no table is emptied that another refers to. Their rows stay; where one
-- refers to a row that is not loaded again, the constraint holds for new rows alone.
SELECT 3, format('%s %I', k.conrelid::regclass, k.conname),
       format('ALTER TABLE %s DROP CONSTRAINT %I', k.conrelid::regclass, k.conname),
       format('DO $sandbox$ BEGIN ALTER TABLE %1$s ADD CONSTRAINT %2$I %3$s; '
              'EXCEPTION WHEN foreign_key_violation THEN ALTER TABLE %1$s ADD CONSTRAINT %2$I %4$s; END $sandbox$',
              k.conrelid::regclass, k.conname, pg_get_constraintdef(k.oid),
              regexp_replace(pg_get_constraintdef(k.oid), '( NOT VALID)?$', ' NOT VALID'))
FROM pg_constraint k
WHERE k.contype = 'f' AND k.conparentid = 0
  AND k.confrelid::regclass::text = ANY ($1) AND NOT k.conrelid::regclass::text = ANY ($1)
ORDER BY 1, 2
