DELETE FROM users WHERE username = 'quality-defect';
