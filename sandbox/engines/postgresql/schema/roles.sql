-- Roles of the platform. Their passwords are set apart, as verifiers: none is ever part of a statement.
CREATE ROLE taishang_user LOGIN;
CREATE ROLE taishang_ai_user LOGIN;
CREATE ROLE taishang_analytics_user LOGIN;
CREATE ROLE replicator LOGIN REPLICATION;
