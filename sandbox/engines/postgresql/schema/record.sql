-- What was applied here and loaded here: `definition` is the text of a schema file, to show what differs from it.
CREATE SCHEMA IF NOT EXISTS sandbox;
CREATE TABLE IF NOT EXISTS sandbox.applied (
    file TEXT PRIMARY KEY,
    definition TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS sandbox.dataset (
    fingerprint TEXT PRIMARY KEY
);
