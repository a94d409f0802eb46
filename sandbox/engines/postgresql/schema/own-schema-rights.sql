-- What a service's own migrations make, in whichever schema, is for its application to use.
ALTER DEFAULT PRIVILEGES GRANT USAGE, CREATE ON SCHEMAS TO taishang_user;
ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO taishang_user;
ALTER DEFAULT PRIVILEGES GRANT ALL ON SEQUENCES TO taishang_user;
