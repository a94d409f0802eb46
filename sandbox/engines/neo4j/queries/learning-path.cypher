// Ways from one concept to another over what must be known before what, within a level.
MATCH path = (start:Concept {name: $startConcept})-[:PREREQUISITE*1..5]->(end:Concept {name: $endConcept})
WHERE ALL(c IN nodes(path) WHERE c.silicon_level <= $userSiliconLevel)
RETURN [c IN nodes(path) | c.name] AS concepts, length(path) AS path_length
ORDER BY path_length ASC
LIMIT 5
