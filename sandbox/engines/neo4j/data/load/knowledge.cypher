UNWIND $rows AS row
MERGE (k:Knowledge {id: row.id})
SET k.title = row.title, k.content = row.content, k.silicon_level = toInteger(row.siliconLevel),
  k.knowledge_type = row.category, k.created_at = datetime(row.createdAt), k.updated_at = datetime(row.updatedAt)
