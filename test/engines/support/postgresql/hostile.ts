/** Tries to leave its database in each way that SQL has, and goes on where it is not let. */
export const hostileFunction = `
  CREATE FUNCTION break_out(n int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$
  DECLARE statement text;
  BEGIN
    IF current_setting('application_name') <> 'pg_restore' THEN RETURN n; END IF;
    FOREACH statement IN ARRAY ARRAY[
      $s$COPY (SELECT 1) TO PROGRAM 'touch /tmp/broken-out'$s$, $s$COPY (SELECT 1) TO '/tmp/broken-out'$s$,
      $s$RESET SESSION AUTHORIZATION$s$, $s$SET ROLE postgres$s$, $s$SET ROLE victim$s$,
      $s$CREATE ROLE colleague SUPERUSER LOGIN PASSWORD 'known'$s$, $s$ALTER ROLE victim PASSWORD 'known'$s$,
      $s$GRANT victim TO colleague$s$, $s$ALTER SYSTEM SET work_mem = '9MB'$s$, $s$ALTER DATABASE live_data SET work_mem = '9MB'$s$,
      $s$ALTER DATABASE live_data OWNER TO CURRENT_USER$s$, $s$REVOKE CONNECT ON DATABASE live_data FROM PUBLIC$s$,
      $s$SELECT pg_read_file('/etc/passwd')$s$, $s$SELECT lo_import('/etc/passwd')$s$, $s$SELECT * FROM pg_authid$s$,
      $s$CREATE TABLESPACE other LOCATION '/tmp'$s$, $s$CREATE EXTENSION dblink$s$, $s$LOAD '/tmp/evil.so'$s$
    ] LOOP
      BEGIN
        EXECUTE statement;
        INSERT INTO done VALUES (statement);
      EXCEPTION WHEN OTHERS THEN NULL;
      END;
    END LOOP;
    RETURN n;
  END $$`;

/** What of a superuser's is made by a dump alone, and reaches beyond its database. */
export const ofSuperusers = {
  'a function with its rights': ['CREATE FUNCTION f1() RETURNS int LANGUAGE sql SECURITY DEFINER AS $$ SELECT 1 $$'],
  'a view on what others may not see': ['CREATE VIEW v1 AS SELECT rolname, rolpassword FROM pg_authid'],
  'an index that the server works out by itself': ['CREATE TABLE t1 (n int)', 'CREATE INDEX ON t1 (break_out(n))'],
  'a function of a library': [`CREATE FUNCTION f2(oid) RETURNS name LANGUAGE internal AS 'pg_get_userbyid'`],
  'a function that is said to tell nothing': [
    'CREATE FUNCTION f3() RETURNS int LANGUAGE sql LEAKPROOF AS $$ SELECT 1 $$',
  ],
  'a cast that looks at nothing': ['CREATE CAST (bytea AS text) WITHOUT FUNCTION'],
  'an extension that reaches beyond its database': ['CREATE EXTENSION dblink'],
} as const;
