UNWIND $rows AS row
MERGE (u:User {id: row.id})
SET u.name = row.username, u.silicon_level = toInteger(row.levels.silicon),
  u.consciousness_level = toInteger(row.levels.consciousness), u.thinking_level = toInteger(row.levels.thinking),
  u.created_at = datetime(row.createdAt)
