-- Where the workloads of drills work. Made anew each time.
DROP SCHEMA IF EXISTS drill CASCADE;
CREATE SCHEMA drill;
CREATE TABLE drill.set (value bigint PRIMARY KEY);
-- One row for each list: its lock puts appends into the order in which they are committed.
CREATE TABLE drill.append (key bigint PRIMARY KEY, list bigint[] NOT NULL);
CREATE TABLE drill.register (key bigint PRIMARY KEY, value bigint NOT NULL);
CREATE TABLE drill.bank (account bigint PRIMARY KEY, balance bigint NOT NULL CHECK (balance >= 0));
