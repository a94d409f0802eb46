CALL dbms.listConnections() YIELD connector
RETURN connector, count(*) AS connections
