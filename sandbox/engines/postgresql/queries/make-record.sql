-- The objects that the schema made, as the catalogue told of them then: what the catalogue is held against later.
-- `basis`: what the definitions depend on.
CREATE TABLE IF NOT EXISTS sandbox.objects (
    basis TEXT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    part_of TEXT,
    definition TEXT NOT NULL,
    PRIMARY KEY (kind, name)
);
TRUNCATE sandbox.objects
