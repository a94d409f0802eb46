// Concepts that nothing is about and that lead nowhere. A user may be alone: everybody begins so.
MATCH (x:Concept) WHERE NOT EXISTS { (x)--() } RETURN x.name AS id
