// A user's knowledge by concept, up to the user's own level.
MATCH (u:User {id: $userId})-[:LEARNED]->(k:Knowledge)-[:ABOUT]->(c:Concept)
WHERE k.silicon_level <= u.silicon_level
RETURN c.name AS name, c.category AS category, count(k) AS knowledge_count
ORDER BY knowledge_count DESC, name
LIMIT 20
