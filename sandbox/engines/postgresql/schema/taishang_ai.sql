-- Embeddings of knowledge, beside those in Qdrant, for queries that join them with relational data.
CREATE EXTENSION vector;
CREATE EXTENSION pg_trgm;
CREATE EXTENSION btree_gin;

REVOKE ALL ON DATABASE taishang_ai FROM PUBLIC;
GRANT CONNECT, CREATE, TEMPORARY ON DATABASE taishang_ai TO taishang_ai_user;
GRANT USAGE, CREATE ON SCHEMA public TO taishang_ai_user;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT ALL ON TABLES TO taishang_ai_user;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT ALL ON SEQUENCES TO taishang_ai_user;

CREATE TABLE knowledge_embeddings (
    -- Business id, as in Neo4j and in the payload in Qdrant.
    knowledge_id VARCHAR(64) PRIMARY KEY,
    title VARCHAR(200) NOT NULL,
    category VARCHAR(50) NOT NULL,
    silicon_level INTEGER NOT NULL CHECK (silicon_level BETWEEN 0 AND 5),
    embedding vector(768) NOT NULL
);

CREATE INDEX idx_knowledge_embeddings_cosine ON knowledge_embeddings USING hnsw (embedding vector_cosine_ops);
-- A scalar beside a text in one index is what btree_gin is for; parts of a title are found by pg_trgm.
CREATE INDEX idx_knowledge_embeddings_level_title ON knowledge_embeddings
    USING gin (silicon_level, title gin_trgm_ops);
