// Influences that say what another one says: of the same `type`, in the same direction.
MATCH (a:Concept)-[r:INFLUENCES]->(b:Concept)
WITH a, b, r ORDER BY elementId(r)
WITH a, b, r.type AS type, collect(elementId(r)) AS ids
WHERE size(ids) > 1
UNWIND tail(ids) AS id
RETURN id
