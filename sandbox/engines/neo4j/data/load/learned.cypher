UNWIND $rows AS row
MATCH (u:User {id: row.userId}), (k:Knowledge {id: row.knowledgeId})
CREATE (u)-[:LEARNED {learned_at: datetime(row.learnedAt)}]->(k)
