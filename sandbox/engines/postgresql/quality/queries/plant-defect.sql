-- An address without an @, which no constraint refuses.
INSERT INTO users (username, email, password_hash, silicon_level, consciousness_level, thinking_level)
VALUES ('quality-defect', 'quality-defect', '', 0, 0, 0);
