-- Vectors whose length is not 1: their cosine is right, every other measure is not. float32 is off by less than 1e-5 here.
SELECT knowledge_id AS id FROM knowledge_embeddings WHERE abs(vector_norm(embedding) - 1) > 0.001
