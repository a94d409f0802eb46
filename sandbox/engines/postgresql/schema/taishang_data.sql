-- Where users were seen.
CREATE EXTENSION postgis;
CREATE EXTENSION pg_stat_statements;

REVOKE ALL ON DATABASE taishang_data FROM PUBLIC;
GRANT CONNECT, CREATE, TEMPORARY ON DATABASE taishang_data TO taishang_user;
GRANT USAGE, CREATE ON SCHEMA public TO taishang_user;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT ALL ON TABLES TO taishang_user;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT ALL ON SEQUENCES TO taishang_user;

CREATE TABLE user_locations (
    id UUID PRIMARY KEY,
    -- A user of taishang_users: another database, so no foreign key can say so. The cross-store check does.
    user_id UUID NOT NULL,
    label VARCHAR(100) NOT NULL,
    -- Distances in metres on the spheroid.
    position geography(Point, 4326) NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL
);

CREATE INDEX idx_user_locations_position ON user_locations USING gist (position);
CREATE INDEX idx_user_locations_user_id ON user_locations (user_id);
