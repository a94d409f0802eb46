-- Databases that people keep data in, without the maintenance database and templates.
SELECT datname AS name FROM pg_database
WHERE datallowconn AND NOT datistemplate AND datname <> 'postgres' AND has_database_privilege(session_user, datname, 'CONNECT')
ORDER BY 1
