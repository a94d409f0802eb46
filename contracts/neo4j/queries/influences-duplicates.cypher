// Influences that say what another one says: of the same `type`, in the same direction. Node by node: of all at once the
// server would keep each in memory, which a large graph has not enough of.
MATCH (a:Concept)
CALL (a) {
  MATCH (a)-[r:INFLUENCES]->(b:Concept)
  WITH b, r.type AS type, collect(r) AS same
  WHERE size(same) > 1
  UNWIND same AS r
  WITH b, type, elementId(r) AS id ORDER BY id
  WITH b, type, collect(id) AS ids
  UNWIND tail(ids) AS id
  RETURN id
}
RETURN id
