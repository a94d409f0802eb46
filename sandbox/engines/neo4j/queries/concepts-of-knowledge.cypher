// What pieces of knowledge are about, the concepts that most of them share first.
MATCH (k:Knowledge)-[:ABOUT]->(c:Concept)
WHERE k.id IN $ids
RETURN c.name AS name, count(k) AS shared
ORDER BY shared DESC, name
LIMIT 20
