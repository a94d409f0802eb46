// Constraints of the platform's knowledge graph. Community Edition has no others: it cannot refuse a level of 6.
CREATE CONSTRAINT user_id_unique IF NOT EXISTS FOR (u:User) REQUIRE u.id IS UNIQUE;
CREATE CONSTRAINT concept_name_unique IF NOT EXISTS FOR (c:Concept) REQUIRE c.name IS UNIQUE;
CREATE CONSTRAINT knowledge_id_unique IF NOT EXISTS FOR (k:Knowledge) REQUIRE k.id IS UNIQUE;
CREATE CONSTRAINT sandbox_record_unique IF NOT EXISTS FOR (r:SandboxRecord) REQUIRE r.name IS UNIQUE;

CREATE INDEX user_silicon_level IF NOT EXISTS FOR (u:User) ON (u.silicon_level);
CREATE INDEX concept_category IF NOT EXISTS FOR (c:Concept) ON (c.category);
CREATE INDEX knowledge_created_at IF NOT EXISTS FOR (k:Knowledge) ON (k.created_at);
