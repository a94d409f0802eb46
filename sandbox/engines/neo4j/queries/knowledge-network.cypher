// How the concepts of a level are connected.
MATCH (c:Concept)-[r:RELATES_TO]-(other:Concept)
WHERE c.silicon_level = $level
RETURN c.name AS name, count(r) AS connections, avg(r.strength) AS avg_strength,
  collect(other.name)[0..5] AS related_concepts
ORDER BY connections DESC, name
