UNWIND $rows AS row
MATCH (a:Concept {name: row.from}), (b:Concept {name: row.to})
MERGE (a)-[:PREREQUISITE]->(b)
