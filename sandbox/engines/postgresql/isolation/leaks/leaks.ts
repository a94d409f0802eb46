import type { Leak } from '../../../contract/isolation.ts';
import { leaksOfDatabases } from './of-databases.ts';
import { leaksOfTheServer } from './of-the-server.ts';

/** Every way out of databases with a login that opens no others. */
export const leaks: readonly Leak[] = [...leaksOfDatabases, ...leaksOfTheServer];
