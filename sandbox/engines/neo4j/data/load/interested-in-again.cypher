UNWIND $rows AS row
MATCH (:User {id: row.userId})-[r:INTERESTED_IN]->(:Concept {name: row.concept})
DELETE r
