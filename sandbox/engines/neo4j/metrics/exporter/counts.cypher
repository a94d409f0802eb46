// Both counts are kept by the store, and cost nothing.
CALL { MATCH (n) RETURN count(n) AS nodes }
CALL { MATCH ()-[r]->() RETURN count(r) AS relationships }
CALL db.info() YIELD name
RETURN name AS database, nodes, relationships
