UNWIND $rows AS row
MATCH (a:Concept {name: row.from}), (b:Concept {name: row.to})
CREATE (a)-[:PREREQUISITE]->(b)
