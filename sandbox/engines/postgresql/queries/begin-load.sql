-- What a load that is under way knows, in the database that it fills: it goes with the load.
CREATE TABLE IF NOT EXISTS sandbox.load_parts (
    part TEXT PRIMARY KEY,
    dataset TEXT NOT NULL,
    rows BIGINT NOT NULL
);
CREATE TABLE IF NOT EXISTS sandbox.load_deferred (
    name TEXT PRIMARY KEY,
    phase INTEGER NOT NULL,
    creation TEXT NOT NULL
)
