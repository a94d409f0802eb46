// Concepts that are prerequisites of each other: neither can be learned first. One for each pair.
MATCH (a:Concept)-[r:PREREQUISITE]->(b:Concept)-[:PREREQUISITE]->(a)
WHERE elementId(a) <= elementId(b)
RETURN DISTINCT elementId(r) AS id
