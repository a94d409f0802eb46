MATCH (a)-[r]->(b)
WHERE a:User OR a:Concept OR a:Knowledge OR b:User OR b:Concept OR b:Knowledge
CALL (r) {
  DELETE r
} IN TRANSACTIONS OF 10000 ROWS
