// Relationships between other things than these, or of a thing with itself.
MATCH (a)-[r:INFLUENCES]->(b) WHERE NOT (a:Concept AND b:Concept) OR a = b RETURN elementId(r) AS id
