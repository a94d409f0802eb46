// Each prerequisite from whose end others lead back to its beginning, however many: none of the concepts can be learned first.
// Those that one other leads back from are `mutual`. The search is breadth-first, and sees a concept once, whichever ways lead to
// it: of all ways there are millions.
MATCH (a:Concept)-[r:PREREQUISITE]->(b:Concept)
WHERE a <> b AND NOT EXISTS { (b)-[:PREREQUISITE]->(a) }
CALL (a, b) {
  MATCH ANY SHORTEST (b)-[:PREREQUISITE]->+(a)
  RETURN true AS leadsBack
}
RETURN elementId(r) AS id
