-- Checks what is deferred as a commit does, and defers it again as it was declared: triggers fire once, and what they did
-- stays. Each constraint is named, since after SET CONSTRAINTS ALL those that are made later would be as that says. One that
-- shares its name, in one schema, with another that is not deferred cannot be named alone, and stays as it was checked.
DO $$
DECLARE
  to_check text;
  to_defer text;
BEGIN
  -- Few databases have any: the rest takes four times as long as this.
  PERFORM FROM pg_catalog.pg_constraint WHERE condeferrable LIMIT 1;
  IF NOT FOUND THEN
    RETURN;
  END IF;
  SELECT pg_catalog.string_agg(name, ', '), pg_catalog.string_agg(name, ', ') FILTER (WHERE is_deferred)
  INTO to_check, to_defer
  FROM (
    SELECT pg_catalog.format('%I.%I', n.nspname, c.conname) AS name,
           pg_catalog.bool_and(c.condeferred) AS is_deferred
    FROM pg_catalog.pg_constraint c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.connamespace
    WHERE NOT pg_catalog.pg_is_other_temp_schema(n.oid)
      AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')
    GROUP BY n.nspname, c.conname
    HAVING pg_catalog.bool_or(c.condeferrable)
  ) AS named;
  IF to_check IS NOT NULL THEN
    EXECUTE 'SET CONSTRAINTS ' || to_check || ' IMMEDIATE';
  END IF;
  IF to_defer IS NOT NULL THEN
    EXECUTE 'SET CONSTRAINTS ' || to_defer || ' DEFERRED';
  END IF;
END
$$;
