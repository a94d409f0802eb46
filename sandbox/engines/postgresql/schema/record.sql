-- What was applied here and loaded here: `definition` is the text of a schema file, to show what differs from it.
CREATE SCHEMA sandbox;
CREATE TABLE sandbox.applied (
    file TEXT PRIMARY KEY,
    definition TEXT NOT NULL
);
CREATE TABLE sandbox.dataset (
    fingerprint TEXT PRIMARY KEY
);
