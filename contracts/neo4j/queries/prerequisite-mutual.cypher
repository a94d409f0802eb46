// Concepts that are prerequisites of each other, or of themselves: none can be learned first. One for each pair.
MATCH (a:Concept)-[r:PREREQUISITE]->(b:Concept)
WHERE a = b OR elementId(a) < elementId(b) AND EXISTS { (b)-[:PREREQUISITE]->(a) }
RETURN elementId(r) AS id
