SHOW DATABASES YIELD name, currentStatus, access
RETURN name, currentStatus AS status, access
