// Relationships between other things than these.
MATCH (a)-[r:LEARNED]->(b) WHERE NOT (a:User AND b:Knowledge) RETURN elementId(r) AS id
