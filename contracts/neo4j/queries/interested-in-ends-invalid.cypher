// Relationships between other things than these.
MATCH (a)-[r:INTERESTED_IN]->(b) WHERE NOT (a:User AND b:Concept) RETURN elementId(r) AS id
