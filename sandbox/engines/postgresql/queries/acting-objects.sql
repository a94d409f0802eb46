-- Objects of this database that act with their owner's rights by code or by relations that an archive chose. `always`:
-- whoever owns them; otherwise where that is somebody who may read what the system keeps to itself.
WITH foreign_code AS (
  -- What came with the archive itself, and not with an extension.
  SELECT d.classid, d.objid FROM pg_depend d
  WHERE d.refobjid >= 16384
    AND d.refclassid IN ('pg_proc'::regclass, 'pg_operator'::regclass, 'pg_type'::regclass, 'pg_opclass'::regclass)
    AND NOT EXISTS (SELECT FROM pg_depend m WHERE m.deptype = 'e' AND m.classid = d.refclassid AND m.objid = d.refobjid)
), ranges AS (
  SELECT t.oid FROM pg_range r JOIN pg_type t ON t.oid IN (r.rngtypid, r.rngmultitypid)
  WHERE r.rngsubdiff >= 16384 OR r.rngcanonical >= 16384 OR r.rngsubopc >= 16384
), acting (class, oid, always) AS (
  SELECT 'pg_proc'::regclass, oid, true FROM pg_proc WHERE prosecdef AND oid >= 16384
  UNION
  -- The server itself works out indexes and statistics, as the table's owner.
  SELECT 'pg_class'::regclass, i.indrelid, true FROM pg_index i
  WHERE EXISTS (SELECT FROM foreign_code f WHERE f.classid = 'pg_class'::regclass AND f.objid = i.indexrelid)
  UNION
  SELECT 'pg_class'::regclass, s.stxrelid, true FROM pg_statistic_ext s
  WHERE EXISTS (SELECT FROM foreign_code f WHERE f.classid = 'pg_statistic_ext'::regclass AND f.objid = s.oid)
  UNION
  SELECT 'pg_class'::regclass, a.attrelid, true FROM pg_attribute a JOIN ranges r ON r.oid = a.atttypid
  UNION
  -- What a view or a rule reads, it reads as its owner.
  SELECT 'pg_class'::regclass, w.ev_class, false FROM pg_rewrite w
  WHERE w.ev_class >= 16384
    AND EXISTS (SELECT FROM regexp_matches(w.ev_action::text, ':relid ([0-9]+)', 'g') m WHERE m[1]::bigint BETWEEN 1 AND 16383)
)
SELECT a.type, a.object_names AS names, a.object_args AS arguments, bool_or(acting.always) AS always
FROM acting, LATERAL pg_identify_object_as_address(acting.class, acting.oid, 0) a
WHERE NOT EXISTS (SELECT FROM pg_depend m WHERE m.deptype = 'e' AND m.classid = acting.class AND m.objid = acting.oid)
GROUP BY 1, 2, 3
