// Relations that say what another one says. The type is read in both directions, so a to b and b to a are the same, told at
// one of their two ends; `type` tells relations of a pair apart. Node by node: of all at once the server would keep each in
// memory, which a large graph has not enough of.
MATCH (a:Concept)
CALL (a) {
  MATCH (a)-[r:RELATES_TO]-(b:Concept)
  WITH b, r.type AS type, collect(DISTINCT r) AS same
  WHERE size(same) > 1 AND elementId(a) <= elementId(b)
  UNWIND same AS r
  WITH b, type, elementId(r) AS id ORDER BY id
  WITH b, type, collect(id) AS ids
  UNWIND tail(ids) AS id
  RETURN id
}
RETURN id
