// Relationships between two nodes that are there more than once.
MATCH (a:User)-[r:LEARNED]->(b:Knowledge)
WITH a, b, r ORDER BY elementId(r)
WITH a, b, collect(elementId(r)) AS ids
WHERE size(ids) > 1
UNWIND tail(ids) AS id
RETURN id
