DROP TABLE IF EXISTS sandbox.load_parts, sandbox.load_deferred
