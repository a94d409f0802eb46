UNWIND $rows AS row
CREATE (:User {id: row.id, name: row.username, silicon_level: toInteger(row.levels.silicon),
  consciousness_level: toInteger(row.levels.consciousness), thinking_level: toInteger(row.levels.thinking),
  created_at: datetime(row.createdAt)})
