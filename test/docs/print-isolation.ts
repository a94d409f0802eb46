// Prints the tables of `docs/testing.md`, to put between their marks.
import { insightTable, isolationTables } from './support/isolation-tables.ts';

process.stdout.write(`${await isolationTables()}\n\n${await insightTable()}\n`);
