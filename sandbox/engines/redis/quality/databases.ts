import type { Redis } from 'ioredis';
import { messageOf } from '../../../core/errors.ts';
import { isExternal, type ReachableEngine } from '../../contract/topology.ts';
import { databasesForTests } from '../isolation/registry.ts';
import type { Masters } from '../server/masters.ts';
import { numbersOfKeys } from '../server/numbers-of-keys.ts';

/** Numbered databases of a server: a connection reads one, and whoever selects another one does so for all that share it. */
export interface Databases extends Disposable {
  /** Connections to the masters in a database. Default: the one that the address names, of a stack 0. */
  readonly clientsIn: (database?: string) => Promise<readonly Redis[]>;
  /** Numbers of those that are for tests. Empty where the login may not look. */
  readonly forTests: () => Promise<ReadonlySet<number>>;
  /** Numbers of the others that have keys: none where the address names one, and none of a cluster, which has no more. */
  readonly others: () => Promise<readonly string[]>;
}

export function createDatabases(masters: Masters, running: ReachableEngine): Databases {
  const opened = new Map<string, Promise<Redis>>();
  const clientsIn = async (database?: string) => {
    const [first] = masters.clients;
    if (database === undefined || first === undefined) return masters.clients;
    const number = numberOf(database);
    if (number === (first.options.db ?? 0)) return masters.clients;
    if (masters.clients.length > 1) throw new Error(`a cluster has database 0 alone, and no ${database}`);
    const known = opened.get(database) ?? inDatabase(first, number);
    opened.set(database, known);
    return [await known];
  };
  const forTests = async () => {
    const [first] = masters.clients;
    if (first === undefined || masters.clients.length > 1) return new Set<number>();
    const looking = await inDatabase(first, 0);
    try {
      return await databasesForTests(looking);
    } catch {
      return new Set<number>();
    } finally {
      looking.disconnect();
    }
  };
  return {
    clientsIn,
    forTests,
    others: async () => {
      const [first] = masters.clients;
      if (first === undefined || masters.clients.length > 1 || (isExternal(running) && namesDatabase(running.url)))
        return [];
      const known = await numbersOfKeys(first).catch(noneWhereRefused);
      const numbers = [...known.keys()].filter((number) => number !== (first.options.db ?? 0));
      if (numbers.length === 0) return [];
      const tests = await forTests();
      return numbers.filter((number) => !tests.has(number)).map(String);
    },
    [Symbol.dispose]: () => {
      for (const client of opened.values()) client.then((each) => each.disconnect()).catch(() => {});
    },
  };
}

/** A login that may read keys and not `INFO` is one of a database. */
function noneWhereRefused(thrown: unknown): ReadonlyMap<number, number> {
  if (messageOf(thrown).startsWith('NOPERM')) return new Map();
  throw thrown;
}

/** What is no number would be database 0 to the client. */
function numberOf(database: string): number {
  if (/^\d{1,9}$/.test(database)) return Number(database);
  throw new Error(`there is no database ${JSON.stringify(database)}: those of Redis are numbers`);
}

/** The client does not say that it was refused the database, and stays in 0 then: it is asked for once more. */
async function inDatabase(client: Redis, database: number): Promise<Redis> {
  const other = client.duplicate({ db: database, lazyConnect: true });
  other.on('error', () => {});
  try {
    await other.connect();
    if (database !== 0) await other.select(database);
    return other;
  } catch (thrown) {
    other.disconnect();
    throw thrown;
  }
}

/** `redis://host/3` means that database alone, as an address of PostgreSQL does. */
function namesDatabase(url: string): boolean {
  return new URL(url).pathname.length > 1;
}
