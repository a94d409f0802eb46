UNWIND $rows AS row
MATCH (n) WHERE elementId(n) = row.id
REMOVE n:$(labels(n))
SET n:$(row.labels), n = row.properties
