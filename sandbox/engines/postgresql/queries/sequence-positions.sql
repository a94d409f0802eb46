-- Where the sequences of this database stand: a test that counts on the next number must find the same one each time.
SELECT format('%I.%I at %s', schemaname, sequencename, last_value) AS line FROM pg_catalog.pg_sequences
