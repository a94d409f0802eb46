// The login of the exporter, or its password again.
CREATE OR REPLACE USER $login SET PASSWORD $password CHANGE NOT REQUIRED
