-- The threshold comes after the index: HNSW knows an order and no distance to stop at.
SELECT knowledge_id
FROM (
    SELECT knowledge_id, embedding <=> $1 AS distance
    FROM knowledge_embeddings
    ORDER BY embedding <=> $1
    LIMIT 10
) AS nearest
WHERE distance <= 0.3
ORDER BY distance
