import type { Leak } from '../../../contract/isolation.ts';
import { leaksOfDatabases } from './of-databases.ts';
import { leaksOfLogins } from './of-logins.ts';
import { leaksOfTheServer } from './of-the-server.ts';

/** Every way out of a database with a login that may read, write and make collections in it. */
export const leaks: readonly Leak[] = [...leaksOfDatabases, ...leaksOfLogins, ...leaksOfTheServer];
