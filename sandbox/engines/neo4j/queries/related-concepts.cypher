// Concepts near those that a user is interested in, and not among them.
MATCH (u:User {id: $userId})-[:INTERESTED_IN]->(c1:Concept)
MATCH (c1)-[:RELATES_TO*1..2]-(c2:Concept)
WHERE NOT (u)-[:INTERESTED_IN]->(c2)
  AND c2.silicon_level <= u.silicon_level
RETURN c2.name AS name, c2.description AS description, count(DISTINCT c1) AS connection_strength
ORDER BY connection_strength DESC, name
LIMIT 10
