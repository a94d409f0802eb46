UNWIND $rows AS row
MERGE (c:Concept {name: row.name})
SET c.category = row.category, c.description = row.description, c.silicon_level = toInteger(row.siliconLevel),
  c.created_at = datetime(row.createdAt)
