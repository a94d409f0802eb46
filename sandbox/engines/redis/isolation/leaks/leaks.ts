import type { Leak } from '../../../contract/isolation.ts';
import { leaksOfDatabases } from './of-databases.ts';
import { leaksOfTheServer } from './of-the-server.ts';

/** Every way out of a logical database with a user of its own. */
export const leaks: readonly Leak[] = [...leaksOfDatabases, ...leaksOfTheServer];
