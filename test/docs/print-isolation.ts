// Prints the tables of `docs/testing.md`, to put between its two marks.
import { isolationTables } from './support/isolation-tables.ts';

process.stdout.write(`${await isolationTables()}\n`);
