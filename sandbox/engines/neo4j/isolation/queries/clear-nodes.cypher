// Without properties first: one of them may have the unique key that another one is to have.
UNWIND $ids AS id
MATCH (n) WHERE elementId(n) = id
SET n = {}
