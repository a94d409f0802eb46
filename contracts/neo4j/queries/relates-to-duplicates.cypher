// Relations that say what another one says. The type is read in both directions, so a to b and b to a are the same;
// `type` tells relations of a pair apart.
MATCH (a:Concept)-[r:RELATES_TO]->(b:Concept)
WITH a, b, r ORDER BY elementId(r)
WITH CASE WHEN elementId(a) < elementId(b) THEN [elementId(a), elementId(b)] ELSE [elementId(b), elementId(a)] END AS pair,
     r.type AS type, collect(elementId(r)) AS ids
WHERE size(ids) > 1
UNWIND tail(ids) AS id
RETURN id
