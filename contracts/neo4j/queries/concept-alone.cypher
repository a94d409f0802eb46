// Concepts that nothing is about and that lead nowhere, or to themselves alone. A user may be alone: everybody begins so.
MATCH (x:Concept) WHERE NOT EXISTS { (x)--(other) WHERE other <> x } RETURN x.name AS id
