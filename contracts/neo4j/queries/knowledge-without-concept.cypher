// Knowledge that is about nothing: no path of learning leads to it.
MATCH (x:Knowledge) WHERE NOT EXISTS { (x)-[:ABOUT]->(:Concept) } RETURN x.id AS id
