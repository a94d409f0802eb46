-- The neighbours without a threshold: recall at ten needs ten.
SELECT knowledge_id
FROM knowledge_embeddings
ORDER BY embedding <=> $1
LIMIT 10
