-- What users did, day by day. Whoever analyses it reads, and does nothing else.
REVOKE ALL ON DATABASE taishang_analytics FROM PUBLIC;
GRANT CONNECT ON DATABASE taishang_analytics TO taishang_analytics_user;
GRANT USAGE ON SCHEMA public TO taishang_analytics_user;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO taishang_analytics_user;

CREATE TABLE daily_activity (
    user_id UUID NOT NULL,
    day DATE NOT NULL,
    silicon_level INTEGER NOT NULL CHECK (silicon_level BETWEEN 0 AND 5),
    sessions INTEGER NOT NULL CHECK (sessions >= 0),
    contents INTEGER NOT NULL CHECK (contents >= 0),
    messages INTEGER NOT NULL CHECK (messages >= 0),
    PRIMARY KEY (user_id, day)
);

CREATE INDEX idx_daily_activity_day ON daily_activity (day, silicon_level);
