UNWIND $rows AS row
MATCH (a:Concept {name: row.from}), (b:Concept {name: row.to})
MERGE (a)-[r:RELATES_TO]->(b)
SET r.strength = toFloat(row.strength), r.type = row.type
