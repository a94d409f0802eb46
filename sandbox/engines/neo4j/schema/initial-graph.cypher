// The graph that every installation begins with. MERGE on the keys: run twice, it stays the same.
// Its time is the reference time of the data, so that every installation is the same to the last property.
MERGE (u:User {id: 'system'})
ON CREATE SET u.name = '系统用户', u.silicon_level = 5, u.consciousness_level = 5, u.thinking_level = 5,
  u.created_at = datetime('2026-01-01T00:00:00Z');

UNWIND [
  {name: '硅基生命', description: 'S×C×T三轴理论中的硅基层级概念', silicon_level: 3},
  {name: '意识层级', description: '意识发展的不同阶段', silicon_level: 4},
  {name: '思维模式', description: '思维发展的不同模式', silicon_level: 4}
] AS concept
MERGE (c:Concept {name: concept.name})
ON CREATE SET c.category = 'core', c.description = concept.description, c.silicon_level = concept.silicon_level,
  c.created_at = datetime('2026-01-01T00:00:00Z');

MATCH (c1:Concept {name: '硅基生命'}), (c2:Concept {name: '意识层级'})
MERGE (c1)-[r:RELATES_TO]->(c2)
ON CREATE SET r.strength = 0.8, r.type = 'conceptual';

MATCH (c2:Concept {name: '意识层级'}), (c3:Concept {name: '思维模式'})
MERGE (c2)-[r:INFLUENCES]->(c3)
ON CREATE SET r.strength = 0.9, r.type = 'developmental';

MERGE (k:Knowledge {id: 'k001'})
ON CREATE SET k.title = 'S×C×T三轴理论基础', k.content = '硅基生命、意识层级、思维模式的三维映射理论', k.silicon_level = 3,
  k.knowledge_type = 'theory', k.created_at = datetime('2026-01-01T00:00:00Z'), k.updated_at = datetime('2026-01-01T00:00:00Z');

MATCH (k:Knowledge {id: 'k001'}), (c:Concept {name: '硅基生命'})
MERGE (k)-[a:ABOUT]->(c)
ON CREATE SET a.relevance = 1.0;
