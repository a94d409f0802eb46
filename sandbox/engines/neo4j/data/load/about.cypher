UNWIND $rows AS row
MATCH (k:Knowledge {id: row.id})
UNWIND row.about AS about
MATCH (c:Concept {name: about.concept})
MERGE (k)-[a:ABOUT]->(c)
SET a.relevance = toFloat(about.relevance)
