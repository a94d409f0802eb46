UNWIND $rows AS row
MATCH (u:User {id: row.userId}), (c:Concept {name: row.concept})
CREATE (u)-[:INTERESTED_IN {since: datetime(row.since)}]->(c)
