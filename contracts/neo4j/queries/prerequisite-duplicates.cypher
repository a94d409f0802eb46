// Relationships between two nodes that are there more than once. Node by node: of all at once the server would keep each in
// memory, which a large graph has not enough of.
MATCH (a:Concept)
CALL (a) {
  MATCH (a)-[r:PREREQUISITE]->(b:Concept)
  WITH b, collect(r) AS same
  WHERE size(same) > 1
  UNWIND same AS r
  WITH b, elementId(r) AS id ORDER BY id
  WITH b, collect(id) AS ids
  UNWIND tail(ids) AS id
  RETURN id
}
RETURN id
