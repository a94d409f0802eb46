UNWIND $rows AS row
MATCH (:User {id: row.userId})-[r:LEARNED]->(:Knowledge {id: row.knowledgeId})
DELETE r
