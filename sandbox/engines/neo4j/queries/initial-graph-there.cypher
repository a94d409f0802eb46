// Nodes and relationships of the initial graph that are there, each by an index.
MATCH (u:User) WHERE u.id IN $keys RETURN 'node' AS kind, u.id AS name
UNION
MATCH (c:Concept) WHERE c.name IN $keys RETURN 'node' AS kind, c.name AS name
UNION
MATCH (k:Knowledge) WHERE k.id IN $keys RETURN 'node' AS kind, k.id AS name
UNION
MATCH (a:Concept)-[r:RELATES_TO|INFLUENCES]->(b:Concept) WHERE a.name IN $keys AND b.name IN $keys
RETURN 'relationship' AS kind, type(r) + ' ' + a.name + ' -> ' + b.name AS name
UNION
MATCH (k:Knowledge)-[r:ABOUT]->(c:Concept) WHERE k.id IN $keys AND c.name IN $keys
RETURN 'relationship' AS kind, type(r) + ' ' + k.id + ' -> ' + c.name AS name
