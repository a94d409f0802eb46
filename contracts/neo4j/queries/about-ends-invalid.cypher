// Relationships between other things than these.
MATCH (a)-[r:ABOUT]->(b) WHERE NOT (a:Knowledge AND b:Concept) RETURN elementId(r) AS id
