SELECT knowledge_id
FROM knowledge_embeddings
WHERE silicon_level = $1 AND title ILIKE '%' || $2 || '%'
ORDER BY title COLLATE "C", knowledge_id COLLATE "C"
LIMIT 20
