-- Whether a database that every server comes with holds anything: what a server comes with has numbers below 16384
-- (PostgreSQL documentation, "System Catalog Initial Data").
SELECT EXISTS (SELECT FROM pg_class WHERE oid >= 16384 AND relpersistence <> 't')
    OR EXISTS (SELECT FROM pg_proc WHERE oid >= 16384)
    OR EXISTS (SELECT FROM pg_type WHERE oid >= 16384)
    OR EXISTS (SELECT FROM pg_namespace WHERE oid >= 16384 AND nspname !~ '^pg_')
    OR NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = 'public')
    OR EXISTS (SELECT FROM pg_namespace n JOIN pg_init_privs p ON p.objoid = n.oid AND p.classoid = 'pg_namespace'::regclass
               WHERE nspname = 'public' AND (nspacl IS DISTINCT FROM initprivs OR nspowner <> 6171))
    OR EXISTS (SELECT FROM pg_extension WHERE oid >= 16384)
    OR NOT EXISTS (SELECT FROM pg_extension WHERE extname = 'plpgsql')
    OR EXISTS (SELECT FROM pg_default_acl)
    OR EXISTS (SELECT FROM pg_event_trigger)
    OR EXISTS (SELECT FROM pg_publication)
    OR EXISTS (SELECT FROM pg_largeobject_metadata)
    OR EXISTS (SELECT FROM pg_description d WHERE classoid = 'pg_namespace'::regclass AND objoid = 2200
               AND description <> 'standard public schema') AS holds
