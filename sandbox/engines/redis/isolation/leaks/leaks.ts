import type { Leak } from '../../../contract/isolation.ts';
import { leaksOfDatabases } from './of-databases.ts';
import { leaksOfTheServer } from './of-the-server.ts';
import { leaksToTheNext } from './to-the-next.ts';

/** Every way out of a logical database with a user of its own. */
export const leaks: readonly Leak[] = [...leaksOfDatabases, ...leaksOfTheServer];

/** The same ways out of a server, which leads nowhere; and what one test leaves there for the next. */
export const leaksOfServers: readonly Leak[] = [
  ...leaks.map(({ name, attempt }): Leak => ({ name, attempt, verdict: 'isolated' })),
  ...leaksToTheNext,
];
