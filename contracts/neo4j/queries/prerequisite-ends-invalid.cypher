// Relationships between other things than these.
MATCH (a)-[r:PREREQUISITE]->(b) WHERE NOT (a:Concept AND b:Concept) RETURN elementId(r) AS id
